"""The sandbox provider under attack, at odds with its callers, and killed."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.unit.sandbox.fixtures import merchant, receiver, sandbox  # noqa: F401 - fixtures
from tests.unit.sandbox.rig import CONTROL_KEY, PLATFORM_KEY, Merchant, Receiver, SandboxProcess


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/payments", "/v1/tokens", "/control/payments", "/control/faults"])
async def test_a_key_opens_only_its_own_door(merchant: Merchant, path: str) -> None:
    account = merchant.account
    keys = {
        "/v1/accounts": PLATFORM_KEY,
        "/v1/payments": account["api_key"],
        "/v1/tokens": account["publishable_key"],
        "/control/payments": CONTROL_KEY,
        "/control/faults": CONTROL_KEY,
    }
    method = "GET" if path.startswith("/control") else "POST"
    forged = [key for key in {*keys.values(), "x", "sk_sandbox_forged", "\u00e9"} if key != keys[path]]
    for key in forged:
        headers = {"Authorization": f"Bearer {key}".encode("latin-1")}
        answer = await merchant.sandbox.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized"), key


async def test_bad_input_is_a_400_in_the_error_shape_and_never_a_500(merchant: Merchant) -> None:
    key = {"Authorization": f"Bearer {merchant.account['api_key']}", "Idempotency-Key": "bad"}
    http = merchant.sandbox.http
    good = json.dumps(merchant.body())
    bodies = ["", "{", "[]", good[:-1] + ', "x": 1}', good.replace("50000", "9" * 5_000), good[:-1] + ',"amount":1}']
    bodies += [good[:-1] + ',"description":"\\u0000"}', good[:-1] + ',"description":"\\udc00"}', "[" * 30_000]
    answers = [await http.post("/v1/payments", content=body.encode(), headers=key) for body in bodies]
    no_key = {"Authorization": key["Authorization"]}
    answers.append(await http.post("/v1/payments", content=good, headers=no_key))
    wrongs: list[dict[str, Any]] = [
        {"currency": "XXX"},
        {"callback_url": "file:///etc/passwd"},
        {"return_url": "http://a@b/"},
        {"phone": None},
        {"card_token": "tok_visa", "method": "mobile_money"},
        {"card_token": "tok_unheard_of"},
        {"metadata": {"k": "v" * 501}},
        {"metadata": {str(number): "" for number in range(21)}},
    ]
    answers += [await merchant.post(merchant.body(**wrong)) for wrong in wrongs]
    answers.append(await merchant.get("/v1/payments"))
    for answer in answers:
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"].keys() == {"code", "message", "param"}
    big = await http.post("/v1/payments", content=b"x" * 100_000, headers=key)
    assert (big.status_code, big.json()["error"]["code"]) == (413, "request_too_large")
    # Neither the answer nor the request after it is lost with a connection that was cut.
    for _ in range(10):
        assert (await http.post("/v1/payments", content=b"x" * 1_000_000, headers=key)).status_code == 413
        assert (await merchant.get("/v1/payments/none")).status_code == 404
    for path in (
        "/v1/payments/%00",
        "/v1/payments/%ff",
        "/v1/payments?reference=%ff%00",
        "/v1/payments/" + "x" * 5_000,
    ):
        assert (await merchant.get(path)).json()["error"]["code"] == "payment_not_found"
    for path in ("/pay/%ff", "/3ds/x", "/assets/none"):
        assert (await http.get(path)).status_code == 404
    for limit in ("-1", "x", "9" * 30, "\u0663"):
        assert (await merchant.sandbox.control("GET", f"/payments?limit={limit}")).status_code == 400


async def test_a_kill_loses_no_payment_and_no_callback(tmp_path: Path, receiver: Receiver) -> None:
    sandbox = SandboxProcess(tmp_path, approve_after_ms=700)
    await sandbox.start()
    merchant = Merchant(sandbox, receiver, await sandbox.open_account())
    receiver.answers.extend([500] * 20)
    accepted: list[dict[str, str]] = []

    async def pay() -> None:
        for _ in range(15):
            try:
                answer = await merchant.post(merchant.body())
            except httpx.TransportError:
                return
            accepted.append(answer.json())

    paying = [asyncio.create_task(pay()) for _ in range(6)]
    await asyncio.sleep(0.15)
    for pause in (0.4, 0.5, 0.9):
        await sandbox.kill()
        await sandbox.start()
        await asyncio.sleep(pause)
    await asyncio.gather(*paying)
    assert accepted
    for payment in accepted:
        await merchant.until(payment, "succeeded", within=15)
        await receiver.until(payment, 1, within=15)
        assert await merchant.captured(payment) == 1
    twin = SandboxProcess(tmp_path)
    twin.environ["PAYLINKS_SANDBOX_PORT"] = str(twin.port)
    await twin.spawn()
    async with asyncio.timeout(20):
        assert await twin.process.wait() == 1
    assert "another simulator uses this folder" in sandbox.log.read_text()
    hanging = asyncio.create_task(merchant.post(merchant.body(phone="+256772000009")))
    await asyncio.sleep(0.2)
    assert await sandbox.stop() < 5, "it does not wait for the 15 s of the one that hangs"
    await asyncio.gather(hanging, return_exceptions=True)
    for client in (sandbox.http, twin.http):
        await client.aclose()


async def test_an_account_is_opened_once_per_reference(sandbox: SandboxProcess) -> None:
    headers = {"Authorization": f"Bearer {PLATFORM_KEY}"}
    body = {"reference": str(uuid.uuid4()), "name": "Kampala Crafts"}
    answers = [await sandbox.http.post("/v1/accounts", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    bad = await sandbox.http.post("/v1/accounts", json=body | {"reference": "x"}, headers=headers)
    assert (bad.status_code, bad.json()["error"]["param"]) == (400, "reference")


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/refunds"])
async def test_a_list_wants_two_moments_with_their_zones_and_a_page_that_is_not_too_large(
    merchant: Merchant, path: str
) -> None:
    whole = {"created_from": "2027-03-05T00:00:00Z", "created_before": "2027-03-06T00:00:00Z"}
    for wrong in (
        {"created_from": ""},
        {"created_from": "2027-03-05"},
        {"created_from": "2027-03-05T00:00:00"},
        {"created_before": "soon"},
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "1e2"},
        {"state": "any"},
    ):
        answer = await merchant.get(f"{path}?{urlencode(whole | wrong)}")
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, next(iter(wrong))), answer.text
    answer = await merchant.get(f"{path}?{urlencode(whole | {'after': 'unheard_of'})}")
    assert (answer.status_code, answer.json()) == (200, {"data": [], "next_after": None})


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/fields/card", "text/html"),
        ("/assets/page.css", "text/css"),
        ("/assets/field.css", "text/css"),
        ("/assets/field.js", "text/javascript"),
    ],
)
async def test_pages_and_what_they_load_say_once_in_which_letters_they_are(
    merchant: Merchant, path: str, kind: str
) -> None:
    answer = await merchant.sandbox.http.get(path)
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
