"""Paying a link over JSON, against the real sandbox provider: what succeeds, and what is refused."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import json
from typing import Any

import pytest

from shared.contracts.links import UseIsRefused
from tests.support.checkout import PHONE, WAITS, Rig, a_link, bearer, eventually, rig  # noqa: F401 - a fixture

PAID = ["session.opened", "charge.created", "charge.pending", "charge.succeeded"]


async def test_a_buyer_pays_by_mobile_money_and_gets_a_receipt(rig: Rig) -> None:
    rig.links.add(a_link("coffee"))
    session = await rig.open("coffee", customer={"email": "amina@example.com", "name": "Amina"})
    started = await rig.pay(session, method="mobile_money", phone=WAITS)
    assert started.status_code == 202
    assert started.json()["status"] == "paying"
    assert started.json()["next_action"]["type"] == "prompt"
    assert started.json()["next_action"]["phone"] == WAITS
    assert started.json()["charge"]["pending_reason"] == "approval_on_phone"
    assert started.json()["charge"]["pending_text"] == "Still pending: you have not approved it on your phone yet."
    await rig.approve(session)
    paid = await rig.until(session, "paid")
    assert paid["charge"]["payer_hint"] == "••••0004"
    assert paid["receipt"]["number"].startswith("R-")
    assert paid["receipt"]["url"] == session["url"]
    assert await rig.facts(session) == PAID
    (payment,) = await rig.payments(session)
    assert (payment["captured"], payment["captured_amount"]) == (1, 50_000)


async def test_a_card_is_answered_at_once_and_its_callback_changes_nothing(rig: Rig) -> None:
    rig.links.add(a_link("card"))
    session = await rig.open("card")
    paid = await rig.pay(session, method="card", card_token="tok_visa")
    assert (paid.status_code, paid.json()["status"]) == (202, "paid")
    assert paid.json()["charge"]["payer_hint"] == "visa ••••4242"
    await asyncio.sleep(0.4)
    assert await rig.facts(session) == ["session.opened", "charge.created", "charge.succeeded"]
    assert (await rig.pay(session, method="card", card_token="tok_visa")).status_code == 200
    assert len(await rig.payments(session)) == 1


async def test_many_pays_at_once_make_one_charge_and_one_payment(rig: Rig) -> None:
    rig.links.add(a_link("two-tabs"))
    session = await rig.open("two-tabs")
    means = {"method": "mobile_money", "phone": WAITS}
    answers = await asyncio.gather(*(rig.pay(session, **means) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["charge"]["id"] for answer in answers}) == 1
    await rig.approve(session)
    await rig.until(session, "paid")
    assert [payment["captured"] for payment in await rig.payments(session)] == [1]
    assert await rig.facts(session) == PAID


@pytest.mark.parametrize(
    ("ending", "status", "reason"),
    [
        ("01", "failed", "insufficient_funds"),
        ("02", "failed", "rejected_by_payer"),
        ("03", "expired", "expired"),
        ("11", "failed", "payer_not_found"),
    ],
)
async def test_a_failed_charge_gives_the_session_back(rig: Rig, ending: str, status: str, reason: str) -> None:
    rig.links.add(a_link(f"fails-{ending}"))
    session = await rig.open(f"fails-{ending}")
    await rig.pay(session, method="mobile_money", phone=f"+2567720000{ending}")
    shown = await rig.until(session, status)
    assert (shown["status"], shown["charge"]["failure_reason"]) == ("open", reason)
    assert shown["next_action"] == {"type": "none"}
    await rig.pay(session)
    await rig.until(session, "paid")
    assert sum(payment["captured"] for payment in await rig.payments(session)) == 1


async def test_a_declined_card_answers_with_the_reason_and_an_open_session(rig: Rig) -> None:
    rig.links.add(a_link("declined"))
    session = await rig.open("declined")
    answer = await rig.pay(session, method="card", card_token="tok_declined")
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["charge"]["failure_reason"]) == ("open", "declined")


async def test_a_callback_that_repeats_a_failure_leaves_the_next_try_alone(rig: Rig) -> None:
    rig.links.add(a_link("failed-again"))
    session = await rig.open("failed-again")
    await rig.faults(callbacks="drop")
    await rig.pay(session, method="card", card_token="tok_declined")
    await rig.faults(callbacks="deliver")
    (failed,) = await rig.payments(session)
    pending = (await rig.pay(session, method="mobile_money", phone="+256772000004")).json()
    await rig.control.post(f"/control/payments/{failed['id']}/callback", json={})

    async def applied() -> bool:
        return await rig.pg.fetchval(
            "SELECT verdict = 'accepted' FROM callback WHERE charge_id = $1 ORDER BY id DESC LIMIT 1",
            failed["reference"],
        )

    await eventually(applied)
    assert await rig.read(session) == pending
    assert (await rig.pay(session)).json()["charge"]["id"] == pending["charge"]["id"]


async def test_a_card_without_token_goes_on_at_the_providers_page(rig: Rig) -> None:
    rig.links.add(a_link("hosted"))
    session = await rig.open("hosted")
    answer = (await rig.pay(session, method="card")).json()
    assert answer["next_action"]["type"] == "redirect"
    assert answer["next_action"]["url"].startswith(f"{rig.sandbox.url}/pay/")
    assert session["token"] not in answer["next_action"]["url"]


async def test_a_success_after_a_failure_counts_as_late(rig: Rig) -> None:
    rig.links.add(a_link("late"))
    session = await rig.open("late")
    await rig.pay(session, method="mobile_money", phone="+256772000005")
    await rig.until(session, "expired")
    await rig.until(session, "paid")
    assert await rig.facts(session) == [*PAID[:3], "charge.expired", "charge.succeeded"]
    row = await rig.pg.fetchval(
        "SELECT convert_from(data, 'UTF8')::jsonb ->> 'late' FROM outbox WHERE type = 'checkout.charge.succeeded'"
        " AND convert_from(data, 'UTF8')::jsonb ->> 'session_id' = $1",
        session["id"],
    )
    assert row == "true"


async def test_a_late_success_beside_a_second_payment_keeps_both(rig: Rig) -> None:
    rig.links.add(a_link("paid-twice"))
    session = await rig.open("paid-twice")
    await rig.pay(session, method="mobile_money", phone="+256772000005")
    await rig.until(session, "expired")
    await rig.pay(session, method="card", card_token="tok_visa")
    await asyncio.sleep(1.2)
    assert (await rig.read(session))["status"] == "paid"
    assert (await rig.facts(session)).count("charge.succeeded") == 2


async def test_a_refused_hold_leaves_no_charge_and_asks_no_provider(rig: Rig) -> None:
    rig.links.add(a_link("refused"))
    session = await rig.open("refused")
    rig.links.refuse = UseIsRefused("exhausted", None)
    try:
        answer = await rig.pay(session)
    finally:
        rig.links.refuse = None
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (410, "link_exhausted", "exhausted")
    assert answer.json()["next_step"]
    assert await rig.pg.fetchval("SELECT count(*) FROM charge WHERE session_id = $1", session["id"]) == 0
    assert (await rig.read(session))["status"] == "open"
    assert await rig.facts(session) == ["session.opened"]


async def test_when_all_uses_are_held_the_buyer_is_told_when_to_come_back(rig: Rig) -> None:
    rig.links.add(a_link("one-left", uses_max=1))
    first, second = await rig.open("one-left"), await rig.open("one-left")
    assert (await rig.pay(first)).status_code == 202
    held = await rig.pay(second, method="mobile_money", phone="+256772123457")
    assert (held.status_code, held.json()["code"]) == (409, "all_uses_held")
    assert 1 <= int(held.headers["retry-after"]) <= 20
    assert held.json()["retry_at"]
    assert (await rig.read(second))["status"] == "open"


async def test_without_links_nothing_is_charged_and_the_buyer_may_try_again(rig: Rig) -> None:
    rig.links.add(a_link("links-away"))
    session = await rig.open("links-away")
    rig.links.silent = True
    try:
        answer = await rig.pay(session)
    finally:
        rig.links.silent = False
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await rig.read(session))["status"] == "open"
    assert (await rig.pay(session)).status_code == 202


async def test_an_ended_session_answers_410_and_is_announced(rig: Rig) -> None:
    rig.links.add(a_link("too-long"))
    untouched, tried = await rig.open("too-long"), await rig.open("too-long")
    await rig.pay(tried, method="card", card_token="tok_declined")
    await rig.pg.execute(
        "UPDATE session SET expires_at = now() - interval '1 s' WHERE id::text = ANY($1)",
        [untouched["id"], tried["id"]],
    )
    assert (await rig.read(untouched))["status"] == "expired"
    answer = await rig.pay(untouched)
    assert (answer.status_code, answer.json()["code"]) == (410, "session_expired")
    for session, fact in ((untouched, "session.expired"), (tried, "session.abandoned")):

        async def told(session: dict[str, Any] = session, fact: str = fact) -> bool:
            return fact in await rig.facts(session)

        await eventually(told)


@pytest.mark.parametrize(
    ("means", "field"),
    [
        ({"method": "mobile_money"}, "phone"),
        ({"method": "mobile_money", "phone": "+256123"}, "phone"),
        ({"method": "mobile_money", "phone": "not a number"}, "phone"),
        ({"method": "mobile_money", "phone": PHONE, "card_token": "tok_visa"}, "card_token"),
        ({"method": "card", "card_token": "4242424242424242"}, "card_token"),
        ({"method": "card", "card_token": "tok_unknown_to_anybody"}, "card_token"),
        ({"method": "cash"}, "method"),
        ({"method": "card", "extra": 1}, "extra"),
        ({}, "method"),
    ],
)
async def test_bad_means_are_refused_with_the_field_and_the_session_stays_open(
    rig: Rig, means: dict[str, str], field: str
) -> None:
    rig.links.add(a_link("bad-means"))
    session = await rig.open("bad-means")
    answer = await rig.http.post(f"/v1/checkout/sessions/{session['id']}/pay", json=means, headers=bearer(session))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), answer.text
    assert answer.json()["field"] == field
    assert (await rig.read(session))["status"] == "open"


async def test_a_method_that_the_link_does_not_take_is_refused(rig: Rig) -> None:
    rig.links.add(a_link("cards-only", methods=("card",)))
    session = await rig.open("cards-only")
    answer = await rig.pay(session)
    assert (answer.status_code, answer.json()["code"]) == (400, "method_unavailable")
    assert answer.json()["methods"] == ["card"]


async def test_a_number_without_country_code_is_read_as_one_of_the_currencys_country(rig: Rig) -> None:
    rig.links.add(a_link("at-home"))
    session = await rig.open("at-home")
    answer = await rig.pay(session, method="mobile_money", phone="0772 123 456")
    assert answer.json()["next_action"]["phone"] == PHONE


async def test_only_the_sessions_own_token_opens_it(rig: Rig) -> None:
    rig.links.add(a_link("tokens"))
    mine, other = await rig.open("tokens"), await rig.open("tokens")
    path = f"/v1/checkout/sessions/{mine['id']}"
    for headers in ({}, bearer(other), {"authorization": "Bearer ü".encode()}, {"authorization": "Basic abc"}):
        for answer in (
            await rig.http.get(path, headers=headers),
            await rig.http.get(f"{path}/events", headers=headers),
            await rig.http.post(f"{path}/pay", json={"method": "card"}, headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    cookie = {"cookie": f"paylinks_session={mine['token']}"}
    assert (await rig.http.get(path, headers=cookie)).status_code == 200
    forged = await rig.http.post(f"{path}/pay", json={"method": "card"}, headers=cookie)
    assert forged.status_code == 401
    assert (await rig.http.get("/v1/checkout/sessions/not-a-uuid")).status_code == 404


async def events_of(rig: Rig, session: dict[str, str]) -> list[dict[str, object]]:
    """The stream's events until it ends by itself."""
    path = f"/v1/checkout/sessions/{session['id']}/events"
    async with rig.http.stream("GET", path, headers=bearer(session)) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        return [
            json.loads(line.removeprefix("data: ")) async for line in stream.aiter_lines() if line.startswith("data: ")
        ]


async def test_the_stream_tells_every_change_and_ends_when_paid(rig: Rig) -> None:
    rig.links.add(a_link("live"))
    session = await rig.open("live")
    listening = asyncio.create_task(events_of(rig, session))
    await asyncio.sleep(0.2)
    await rig.pay(session)
    async with asyncio.timeout(4):
        said = await listening
    assert said[0]["status"] == "open"
    assert said[-1]["status"] == "paid"
    assert [event["version"] for event in said] == sorted({event["version"] for event in said})
