"""The sandbox provider gives money back as strictly as a real one."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import json
import uuid
from typing import Any

import httpx
import pytest

from tests.unit.sandbox.fixtures import merchant, receiver, sandbox  # noqa: F401 - fixtures
from tests.unit.sandbox.rig import Merchant


async def refund(merchant: Merchant, payment: dict[str, Any], amount: int, /, **over: Any) -> httpx.Response:
    body = {"payment": payment["id"], "reference": uuid.uuid4().hex, "amount": amount} | over
    headers = {"Authorization": f"Bearer {merchant.account['api_key']}", "Idempotency-Key": body["reference"]}
    return await merchant.sandbox.http.post("/v1/refunds", json=body, headers=headers)


async def until(merchant: Merchant, made: dict[str, Any], status: str) -> dict[str, Any]:
    async with asyncio.timeout(8):
        while (shown := (await merchant.get(f"/v1/refunds/{made['id']}")).json())["status"] != status:  # noqa: ASYNC110
            await asyncio.sleep(0.03)
    return shown


def told(merchant: Merchant, kind: str) -> list[dict[str, Any]]:
    events = [json.loads(body) for _, body, _ in merchant.receiver.received]
    return [event for event in events if event["type"] == kind]


async def test_a_refund_is_pending_then_succeeds_and_is_told(merchant: Merchant) -> None:
    payment = await merchant.pay(card_token="tok_visa")
    made = (await refund(merchant, payment, 20_000)).json()
    assert (made["status"], made["currency"]) == ("pending", "UGX")
    shown = await until(merchant, made, "succeeded")
    async with asyncio.timeout(8):
        while not told(merchant, "refund.succeeded"):  # noqa: ASYNC110 - a test looks until it sees
            await asyncio.sleep(0.02)
    (event,) = told(merchant, "refund.succeeded")
    assert event["data"] == shown
    assert all(merchant.signed(header, body) for header, body, _ in merchant.receiver.received)


async def test_never_more_goes_back_than_was_captured(merchant: Merchant) -> None:
    payment = await merchant.pay(card_token="tok_visa")
    assert (await refund(merchant, payment, 30_000)).status_code == 201
    over = await refund(merchant, payment, 20_002)
    assert (over.status_code, over.json()["error"]["code"]) == (409, "refund_too_large")
    failing = (await refund(merchant, payment, 10_001)).json()
    await until(merchant, failing, "failed")
    assert (await refund(merchant, payment, 20_000)).status_code == 201


async def test_the_same_reference_is_the_same_refund(merchant: Merchant) -> None:
    payment = await merchant.pay(card_token="tok_visa")
    first = await refund(merchant, payment, 10_000, reference="again")
    second = await refund(merchant, payment, 10_000, reference="again")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    other = await refund(merchant, payment, 10_100, reference="again")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "reference_exists")
    assert (await merchant.get("/v1/refunds?reference=again")).json()["id"] == first.json()["id"]
    assert (await merchant.get("/v1/refunds?reference=never")).json()["error"]["code"] == "refund_not_found"


async def test_what_cannot_be_refunded_is_refused(merchant: Merchant) -> None:
    pending = await merchant.pay(phone="+256772000004")
    assert (await refund(merchant, pending, 100)).json()["error"]["code"] == "not_captured"
    paid = await merchant.pay(card_token="tok_visa")
    assert (await refund(merchant, paid, 10_011)).json()["error"]["code"] == "refund_not_possible"
    assert (await refund(merchant, {"id": "pay_unknown"}, 100)).status_code == 404
    for over in ({"amount": 0}, {"amount": "5"}, {"currency": "UGX"}, {"reason": ""}):
        assert (await refund(merchant, paid, 100, **over)).status_code == 400
    stranger = Merchant(merchant.sandbox, merchant.receiver, await merchant.sandbox.open_account("Other"))
    assert (await refund(stranger, paid, 100)).status_code == 404
    made = (await refund(merchant, paid, 10_002)).json()
    assert (await stranger.get(f"/v1/refunds/{made['id']}")).status_code == 404
    assert (await merchant.sandbox.http.get("/v1/refunds?reference=x")).status_code == 401
    assert (await merchant.sandbox.http.post(f"/control/refunds/{made['id']}/succeed")).status_code == 401


@pytest.mark.parametrize("first", ["succeed", "fail"])
async def test_a_refund_is_decided_once(merchant: Merchant, first: str) -> None:
    payment = await merchant.pay(card_token="tok_visa")
    made = (await refund(merchant, payment, 10_002)).json()
    decided = await merchant.sandbox.control("POST", f"/refunds/{made['id']}/{first}")
    assert decided.json()["status"] == {"succeed": "succeeded", "fail": "failed"}[first]
    other = "fail" if first == "succeed" else "succeed"
    refused = await merchant.sandbox.control("POST", f"/refunds/{made['id']}/{other}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "refund_is_over")


async def test_a_restart_forgets_no_refund(merchant: Merchant) -> None:
    await merchant.sandbox.control("PUT", "/faults", {"approve_after_ms": 600})
    payment = await merchant.pay(card_token="tok_visa")
    made = (await refund(merchant, payment, 10_000)).json()
    await merchant.sandbox.kill()
    await merchant.sandbox.start()
    await until(merchant, made, "succeeded")
