"""Callbacks that must change nothing, and the inbox that says why."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from deploy.simulators.sandbox.signing import HEADER, signature_header
from services.checkout.use_cases.record_callback import FORGED_BYTES_KEPT
from tests.support.checkout import PLATFORM_KEY, Rig, a_link, rig  # noqa: F401 - a fixture


async def pending(rig: Rig, slug: str) -> tuple[dict[str, Any], str]:
    """A session that waits for the buyer, and the provider's id of its payment."""
    await rig.pg.execute("DELETE FROM callback")
    rig.links.add(a_link(slug))
    session = await rig.open(slug)
    await rig.pay(session, method="mobile_money", phone="+256772000004")
    (payment,) = await rig.payments(session)
    return session, payment["id"]


async def tell(rig: Rig, payment: str, **what: Any) -> None:
    answer = await rig.control.post(f"/control/payments/{payment}/callback", json=what)
    assert answer.status_code < 300, answer.text


async def refusals(rig: Rig) -> list[str]:
    rows = await rig.pg.fetch(
        "SELECT convert_from(data, 'UTF8')::jsonb ->> 'verdict' AS verdict FROM outbox"
        " WHERE type = 'checkout.callback.refused' ORDER BY position"
    )
    return [row["verdict"] for row in rows]


@pytest.mark.parametrize(
    ("tamper", "verdict"),
    [
        ("amount", "amount_mismatch"),
        ("currency", "amount_mismatch"),
        ("reference", "unknown_reference"),
        ("account", "unknown_reference"),
        ("signature", "bad_signature"),
    ],
)
async def test_a_tampered_success_changes_nothing(rig: Rig, tamper: str, verdict: str) -> None:
    session, payment = await pending(rig, f"tampered-{tamper}")
    before = await rig.read(session)
    await tell(rig, payment, type="payment.succeeded", tamper=tamper)
    assert await rig.settled_verdicts(1) == [verdict]
    assert await rig.read(session) == before
    assert (await refusals(rig))[-1] == verdict


async def test_the_wrong_amount_of_number_10_is_refused_and_polling_finds_the_truth(rig: Rig) -> None:
    await rig.pg.execute("DELETE FROM callback")
    rig.links.add(a_link("number-10"))
    session = await rig.open("number-10")
    await rig.pay(session, method="mobile_money", phone="+256772000010")
    assert await rig.settled_verdicts(1) == ["amount_mismatch"]
    assert (await rig.read(session))["status"] == "paying"
    await rig.until(session, "paid", seconds=15)


async def test_a_repeated_callback_is_applied_once(rig: Rig) -> None:
    session, payment = await pending(rig, "repeated")
    await rig.control.post(f"/control/payments/{payment}/succeed")
    await rig.until(session, "paid")
    await tell(rig, payment, times=10, same_event_id=True)
    await tell(rig, payment, times=3, same_event_id=False)
    assert await rig.settled_verdicts(14) == ["accepted"] + ["duplicate"] * 13
    assert (await rig.facts(session)).count("charge.succeeded") == 1


async def test_duplicated_and_reordered_callbacks_end_like_one_in_order(rig: Rig) -> None:
    await rig.pg.execute("DELETE FROM callback")
    rig.links.add(a_link("shuffled"))
    session = await rig.open("shuffled")
    await rig.pay(session, method="mobile_money", phone="+256772000007")
    verdicts = await rig.settled_verdicts(6)
    assert verdicts.count("accepted") == 1
    assert set(verdicts) == {"accepted", "duplicate", "out_of_order"}
    assert (await rig.read(session))["status"] == "paid"
    assert (await rig.facts(session)).count("charge.succeeded") == 1


async def test_a_failure_after_the_success_downgrades_nothing(rig: Rig) -> None:
    session, payment = await pending(rig, "downgrade")
    await rig.control.post(f"/control/payments/{payment}/succeed")
    paid = await rig.until(session, "paid")
    await tell(rig, payment, type="payment.failed", same_event_id=False)
    assert await rig.settled_verdicts(2) == ["accepted", "out_of_order"]
    assert await rig.read(session) == paid


async def test_a_failure_then_a_success_is_paid(rig: Rig) -> None:
    session, payment = await pending(rig, "fails-first")
    await rig.control.post(f"/control/payments/{payment}/fail", json={"failure_code": "declined"})
    assert (await rig.until(session, "failed"))["status"] == "open"
    await rig.control.post(f"/control/payments/{payment}/succeed")
    await rig.until(session, "paid")
    assert await rig.settled_verdicts(2) == ["accepted", "accepted"]


async def test_what_is_no_callback_is_kept_or_refused_but_never_an_error(rig: Rig) -> None:
    session, _ = await pending(rig, "garbage")
    account = await rig.pg.fetchval(
        "SELECT external_id FROM provider_account JOIN charge ON charge.account_id = provider_account.id"
        " WHERE session_id = $1",
        session["id"],
    )
    url = f"/callbacks/sandbox/{account}"
    for headers in ({}, {"sandbox-signature": "t=1,v1=00"}, {"sandbox-signature": "nonsense,,="}):
        answer = await rig.http.post(url, content=b'{"id": 1}', headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert await rig.verdicts() == ["bad_signature"] * 3
    assert (await rig.http.post("/callbacks/sandbox/acct_nobody", content=b"{}")).status_code == 404
    assert (await rig.http.post("/callbacks/unknown/acct_nobody", content=b"{}")).status_code == 404
    no_text = await rig.http.post("/callbacks/sandbox/acct%00", content=b"{}")
    assert (no_text.status_code, no_text.json()["code"]) == (400, "invalid")
    assert (await rig.http.post(url, content=b"x" * 70_000)).status_code == 413


async def test_signed_nonsense_is_kept_as_malformed(rig: Rig) -> None:
    session, payment = await pending(rig, "malformed")
    stored = await rig.pg.fetchval("SELECT count(*) FROM callback WHERE verdict = 'malformed'")
    secret_holder = json.dumps({"id": "evt_1", "type": "payment.succeeded"}).encode()
    await signed(rig, session, secret_holder)
    await signed(rig, session, b"\xff\x00 not JSON")
    await signed(rig, session, b'{"a":' * 5_000)
    assert await rig.pg.fetchval("SELECT count(*) FROM callback WHERE verdict = 'malformed'") == stored + 3
    assert (await rig.read(session))["status"] == "paying"
    assert payment


async def signed(rig: Rig, session: dict[str, Any], body: bytes) -> None:
    """Sends `body` as the provider would, signed with the account's real secret."""
    await send_signed(rig, await account_of(rig, session), body)


async def account_of(rig: Rig, session: dict[str, Any]) -> dict[str, Any]:
    """The provider's account of the session's organization, with its secrets."""
    link = next(link for link in rig.links.links.values() if link.slug == session["link"]["slug"])
    async with httpx.AsyncClient(base_url=rig.sandbox.url) as sandbox:
        answer = await sandbox.post(
            "/v1/accounts",
            json={"reference": str(link.org_id), "name": link.merchant.name},
            headers={"authorization": f"Bearer {PLATFORM_KEY}"},
        )
        return answer.json()


async def send_signed(rig: Rig, account: dict[str, Any], body: bytes) -> None:
    header = signature_header(account["webhook_secret"], int(datetime.now(UTC).timestamp()), body=body)
    answer = await rig.http.post(f"/callbacks/sandbox/{account['id']}", content=body, headers={HEADER: header})
    assert answer.status_code == 200, answer.text


async def test_a_flood_of_forgeries_is_not_all_kept(rig: Rig) -> None:
    session, _ = await pending(rig, "flood")
    account = await rig.pg.fetchval(
        "SELECT external_id FROM provider_account JOIN charge ON charge.account_id = provider_account.id"
        " WHERE session_id = $1",
        session["id"],
    )
    answers = await asyncio.gather(*(rig.http.post(f"/callbacks/sandbox/{account}", content=b"{}") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {401, 429}
    assert len(await rig.verdicts()) < 120


async def test_forgeries_from_many_addresses_are_bounded_too_and_large_ones_are_cut(rig: Rig) -> None:
    session, _ = await pending(rig, "flood-from-everywhere")
    account = await rig.pg.fetchval(
        "SELECT external_id FROM provider_account JOIN charge ON charge.account_id = provider_account.id"
        " WHERE session_id = $1",
        session["id"],
    )
    url = f"/callbacks/sandbox/{account}"
    await asyncio.gather(
        *(rig.http.post(url, content=b"x" * 60_000, headers={"x-forwarded-for": f"192.0.2.{n}"}) for n in range(200))
    )
    kept = await rig.pg.fetch("SELECT octet_length(body) AS size FROM callback WHERE verdict = 'bad_signature'")
    assert 0 < len(kept) < 120
    assert {row["size"] for row in kept} == {FORGED_BYTES_KEPT}


async def test_a_callback_that_cannot_be_applied_holds_up_nobody(rig: Rig) -> None:
    session, payment = await pending(rig, "poison")
    await rig.pg.execute(
        "INSERT INTO callback (id, org_id, account_id, provider, headers, body, verdict, received_at)"
        " SELECT '00000000-0000-7000-8000-000000000001', org_id, account_id, provider, '{}', 'x', 'received', now()"
        " FROM charge WHERE session_id = $1",
        session["id"],
    )
    await rig.control.post(f"/control/payments/{payment}/succeed")
    await rig.until(session, "paid", seconds=5)
    assert await rig.pg.fetchval("SELECT retry_at > now() FROM callback WHERE verdict = 'received'")


async def test_a_callback_may_come_by_put_as_some_providers_send_it(rig: Rig) -> None:
    await rig.pg.execute("DELETE FROM callback")
    answer = await rig.http.put("/callbacks/sandbox/acct_nobody", content=b"{}")
    assert answer.status_code == (await rig.http.post("/callbacks/sandbox/acct_nobody", content=b"{}")).status_code
    assert answer.status_code != 405
    assert (await rig.http.delete("/callbacks/sandbox/acct_nobody")).status_code == 405


async def test_a_crowd_of_callbacks_is_answered_and_applied_to_the_last(rig: Rig) -> None:
    session, _ = await pending(rig, "crowd")
    account = await account_of(rig, session)
    (payment,) = await rig.payments(session)
    paid = {
        "status": "succeeded",
        **{name: payment[name] for name in ("id", "account", "reference", "amount", "currency")},
    }
    event = {"type": "payment.succeeded", "account": account["id"], "data": paid}
    room = asyncio.Semaphore(30)

    async def send(number: int) -> None:
        async with room:
            await send_signed(rig, account, json.dumps({"id": f"evt_{number % 40}", **event}).encode())

    await asyncio.gather(*map(send, range(300)))
    verdicts = Counter(await rig.settled_verdicts(300))
    assert verdicts == {"accepted": 1, "duplicate": 299}
    assert (await rig.facts(session)).count("charge.succeeded") == 1
    assert (await rig.read(session))["status"] == "paid"
    told = (await rig.http.get("/metrics")).text
    assert 'paylinks_callbacks_behind_seconds{work="apply"}' in told
    assert "paylinks_callback_applied_seconds_count" in told
