"""Money goes back once, never more than came in, and whoever dies in between."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import contextlib
from collections import Counter
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from shared.kernel.ids import new_id
from tests.support.checkout import WAITS, Rig, eventually, rig  # noqa: F401 - a fixture
from tests.support.refunds import Shop

TOTAL = 50_000


async def test_a_full_refund_goes_back_and_the_ledger_follows(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    assert await shop.ledger(charge) == {"provider": TOTAL, "merchant": -TOTAL}
    answer = await shop.refund(charge)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["status"], answer.json()["amount"]) == ("created", {"amount_minor": TOTAL, "currency": "UGX"})
    await shop.until(answer.json()["id"], "succeeded")
    shown = await shop.get(f"/v1/charges/{charge}")
    assert (shown["status"], shown["refund_status"], shown["refunded_minor"]) == ("succeeded", "full", TOTAL)
    assert (shown["refunding_minor"], shown["refundable_minor"]) == (0, 0)
    assert await shop.given_back(charge) == TOTAL
    assert await shop.ledger(charge) == {"provider": 0, "merchant": -TOTAL, "refunds": TOTAL}
    assert await shop.facts(charge) == ["refund.created", "refund.succeeded", "charge.refunded"]


async def test_parts_go_back_until_nothing_is_left(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    for amount in (20_000, 10_000):
        await shop.until((await shop.refund(charge, amount)).json()["id"], "succeeded")
    shown = await shop.get(f"/v1/charges/{charge}")
    assert (shown["refund_status"], shown["refundable_minor"]) == ("partial", 20_000)
    too_much = await shop.refund(charge, 20_001)
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    assert too_much.json()["refundable_minor"] == 20_000
    rest = (await shop.refund(charge)).json()
    assert rest["amount"]["amount_minor"] == 20_000
    await shop.until(rest["id"], "succeeded")
    assert (await shop.refund(charge)).json()["code"] == "refund_too_large"
    listed = await shop.get(f"/v1/refunds?charge={charge}&limit=2")
    assert [one["amount"]["amount_minor"] for one in listed["data"]] == [20_000, 10_000]
    last = await shop.get(f"/v1/refunds?charge={charge}&limit=2&cursor={listed['next_cursor']}")
    assert [one["amount"]["amount_minor"] for one in last["data"]] == [20_000]
    assert not last["has_more"]


async def test_of_many_refunds_at_once_only_what_is_there_is_promised(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    answers = await asyncio.gather(*(shop.refund(charge, 20_000) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] * 2 + [409] * 6
    for answer in answers:
        if answer.status_code == 202:
            await shop.until(answer.json()["id"], "succeeded")
    assert await shop.given_back(charge) == 40_000


async def test_the_same_key_is_one_refund_and_another_body_is_refused(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    headers = {"idempotency-key": "refund-1"}
    answers = await asyncio.gather(*(shop.refund(charge, 10_000, **headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await shop.refund(charge, 10_100, **headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    await shop.until(answers[0].json()["id"], "succeeded")
    assert await shop.given_back(charge) == 10_000


async def test_a_refund_that_fails_can_be_tried_again(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    failed = await shop.until((await shop.refund(charge, 10_001)).json()["id"], "failed")
    assert failed["failure"] == "insufficient_balance"
    refused = await shop.until((await shop.refund(charge, 10_011)).json()["id"], "failed")
    assert refused["failure"] == "refund_not_possible"
    shown = await shop.get(f"/v1/charges/{charge}")
    assert (shown["refunding_minor"], shown["refunded_minor"], shown["refundable_minor"]) == (0, 0, TOTAL)
    assert await shop.ledger(charge) == {"provider": TOTAL, "merchant": -TOTAL}
    assert await shop.facts(charge) == ["refund.created", "refund.failed"] * 2


async def test_a_refund_stays_pending_until_the_provider_tells_and_repeats_change_nothing(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    refund = (await shop.refund(charge, 10_002)).json()
    pending = await shop.until(refund["id"], "pending")
    payment = await shop.payment_id(charge)
    (theirs,) = (await rig.control.get("/control/refunds", params={"payment": payment})).json()["data"]
    await rig.control.post(
        f"/control/refunds/{theirs['id']}/callback", json={"status": "succeeded", "tamper": "amount"}
    )
    await rig.control.post(f"/control/refunds/{theirs['id']}/callback", json={"tamper": "reference"})
    await rig.settled_verdicts(1)
    assert (await shop.get(f"/v1/refunds/{refund['id']}")) == pending
    await rig.control.post(f"/control/refunds/{theirs['id']}/succeed")
    await shop.until(refund["id"], "succeeded")
    await rig.control.post(f"/control/refunds/{theirs['id']}/callback", json={"times": 5})

    async def told(*verdicts: str) -> bool:
        rows = await rig.pg.fetch("SELECT verdict FROM callback WHERE charge_id = $1", UUID(charge))
        return Counter(verdicts) <= Counter(row["verdict"] for row in rows)

    await eventually(partial(told, *["duplicate"] * 5, "amount_mismatch"))
    assert (await shop.get(f"/v1/refunds/{refund['id']}"))["status"] == "succeeded"
    assert (await shop.ledger(charge))["refunds"] == 10_002
    await rig.control.post(f"/control/refunds/{theirs['id']}/callback", json={"status": "failed"})
    await shop.until(refund["id"], "failed")
    await rig.control.post(f"/control/refunds/{theirs['id']}/callback", json={"status": "succeeded"})
    await eventually(partial(told, "out_of_order"))
    assert (await shop.get(f"/v1/refunds/{refund['id']}"))["status"] == "failed"
    assert (await shop.ledger(charge))["refunds"] == 0
    assert [(await shop.facts(charge)).count(fact) for fact in ("charge.refunded", "refund.failed")] == [1, 1]


async def test_a_lost_callback_of_a_refund_is_made_up_for_by_asking(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await shop.until((await shop.refund(charge, 10_006)).json()["id"], "succeeded")
    assert await shop.given_back(charge) == 10_006


async def test_a_refund_whose_answer_never_came_is_found_and_not_made_twice(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await shop.until((await shop.refund(charge, 10_004)).json()["id"], "succeeded", seconds=15)
    assert await shop.given_back(charge) == 10_004


async def test_a_provider_that_answers_with_errors_is_asked_again(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await rig.faults(fail_refunds=1)
    await shop.until((await shop.refund(charge, 10_000)).json()["id"], "succeeded", seconds=20)
    assert await shop.given_back(charge) == 10_000


@pytest.mark.parametrize("crash", ["refund.claimed", "refund.sent", "refund.before-commit"])
async def test_a_death_at_any_moment_of_a_refund_gives_the_money_back_once(rig: Rig, crash: str) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await rig.restart(crash=crash)
    with contextlib.suppress(httpx.HTTPError):  # it may die before its answer is on the wire
        await shop.refund(charge, 30_000)
    await rig.checkout.exited()
    await rig.restart()
    (refund,) = (await shop.get(f"/v1/refunds?charge={charge}"))["data"]
    # The lease of the dead process, and its patience, are over.
    await rig.pg.execute("UPDATE refund SET next_attempt_at = now(), absent_after = now() WHERE id = $1", refund["id"])
    await shop.until(refund["id"], "succeeded")
    assert await shop.given_back(charge) == 30_000
    assert (await shop.ledger(charge))["refunds"] == 30_000
    assert (await shop.facts(charge)).count("charge.refunded") == 1


async def test_only_captured_money_of_ones_own_goes_back(rig: Rig) -> None:
    shop, stranger = Shop(rig), Shop(rig)
    charge = await shop.paid()
    session = await rig.open(shop.link.slug)
    await rig.pay(session, method="mobile_money", phone=WAITS)
    unpaid = await shop.charge_of(session)
    refused = await shop.refund(unpaid)
    assert (refused.status_code, refused.json()["code"]) == (409, "charge_not_captured")
    refund = (await shop.refund(charge, 10_000)).json()
    live = rig.links.key(shop.link.org_id, "charges:read", "refunds:write", livemode=True)
    for key in (stranger.key, live):
        for answer in (
            await rig.http.post("/v1/refunds", json={"charge_id": charge}, headers=key),
            await rig.http.get(f"/v1/refunds/{refund['id']}", headers=key),
            await rig.http.get(f"/v1/charges/{charge}", headers=key),
            await rig.http.post(f"/v1/charges/{charge}/accept", headers=key),
            await rig.http.post(f"/v1/charges/{charge}/refund", headers=key),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        for path in ("/v1/refunds", f"/v1/refunds?charge={charge}", "/v1/charges", "/v1/disputes"):
            assert (await rig.http.get(path, headers=key)).json()["data"] == []
    await shop.until(refund["id"], "succeeded")


async def test_scopes_are_asked_for(rig: Rig) -> None:
    shop = Shop(rig)
    charge = str(new_id())
    reads, writes = rig.links.key(shop.link.org_id, "charges:read"), rig.links.key(shop.link.org_id, "refunds:write")
    for method, path, key in (
        ("POST", "/v1/refunds", reads),
        ("POST", f"/v1/charges/{charge}/accept", reads),
        ("POST", f"/v1/charges/{charge}/refund", reads),
        ("GET", "/v1/refunds", writes),
        ("GET", f"/v1/refunds/{charge}", writes),
        ("GET", "/v1/charges", writes),
        ("GET", f"/v1/charges/{charge}", writes),
        ("GET", "/v1/disputes", writes),
    ):
        answer = await rig.http.request(method, path, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, path)
        answer = await rig.http.request(method, path)
        assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"charge_id": "x"},
        {"charge_id": str(UUID(int=1)), "amount_minor": 0},
        {"charge_id": str(UUID(int=1)), "amount_minor": 2**70},
        {"charge_id": str(UUID(int=1)), "amount_minor": 1.5},
        {"charge_id": str(UUID(int=1)), "amount_minor": "5"},
        {"charge_id": str(UUID(int=1)), "reason": ""},
        {"charge_id": str(UUID(int=1)), "reason": "\x00"},
        {"charge_id": str(UUID(int=1)), "reason": "x" * 201},
        {"charge_id": str(UUID(int=1)), "restore_use": True},
    ],
)
async def test_a_refund_that_is_not_well_formed_is_refused(rig: Rig, body: dict[str, Any]) -> None:
    shop = Shop(rig)
    answer = await rig.http.post("/v1/refunds", json=body, headers=shop.key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_lists_refuse_what_they_do_not_know(rig: Rig) -> None:
    shop = Shop(rig)
    for query in (
        *(
            f"charges?{query}"
            for query in ("link_id=x", "status=x", "method=cash", "from=today", "to=2027-03-05T11:05:00")
        ),
        "charges?from=0001-01-01T00:00:00%2B14:00",
        "refunds?charge=x",
        "refunds?status=x",
        "charges?review=no",
        "charges?x=1",
        "disputes?status=paid",
    ):
        answer = await rig.http.get(f"/v1/{query}", headers=shop.key)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), query
    assert (await rig.http.get("/v1/charges/not-an-id", headers=shop.key)).status_code == 404


async def test_the_database_refuses_a_movement_that_does_not_sum_to_zero_and_any_change(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    lines = (
        "INSERT INTO ledger_entry SELECT $2, line, 'fee', $2, org_id, livemode, charge_id, link_id, account, owner_id,"
    )
    for amount, currency in (("1", "currency"), ("amount_minor", "CASE line WHEN 1 THEN 'UGX' ELSE 'USD' END")):
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await rig.pg.execute(
                f"{lines} {amount}, {currency}, created_at FROM ledger_entry WHERE charge_id = $1",
                UUID(charge),
                new_id(),
            )
        assert refused.value.constraint_name == "ledger_balanced"
    for statement in (
        "UPDATE ledger_entry SET amount_minor = 1",
        "DELETE FROM ledger_entry WHERE false",
        "TRUNCATE ledger_entry",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await rig.pg.execute(statement)
    with pytest.raises(asyncpg.CheckViolationError):
        await rig.pg.execute("UPDATE charge SET refunded_minor = 50001 WHERE id = $1", UUID(charge))
