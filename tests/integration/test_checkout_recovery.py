"""Whatever dies or stays silent: each captured payment is found, once, and nothing is charged twice."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.checkout import PHONE, Rig, a_link, eventually, rig  # noqa: F401 - a fixture


async def hurry(rig: Rig, session: dict[str, Any], *, older_by: timedelta = timedelta()) -> None:
    """Makes the session's charges due now, as if they were older."""
    await rig.pg.execute(
        "UPDATE charge SET next_poll_at = now(), absent_after = absent_after - $2::interval WHERE session_id = $1",
        session["id"],
        older_by,
    )


async def crashing_pay(rig: Rig, slug: str, crash: str, *, phone: str = PHONE) -> dict[str, Any]:
    """A session whose pay kills the process at `crash`; the next process is running."""
    rig.links.add(a_link(slug))
    await rig.restart(crash=crash)
    session = await rig.open(slug)
    with pytest.raises(httpx.HTTPError):
        await rig.pay(session, method="mobile_money", phone=phone)
    await rig.checkout.exited()
    await rig.restart()
    return session


@pytest.mark.parametrize("crash", ["pay.reserved", "pay.held"])
async def test_a_death_before_the_provider_was_asked_fails_the_charge_and_the_buyer_tries_again(
    rig: Rig, crash: str
) -> None:
    session = await crashing_pay(rig, crash.replace(".", "-"), crash)
    assert (await rig.read(session))["next_action"] == {"type": "wait"}
    # A request might still be on its way: the provider's no is not believed yet.
    await hurry(rig, session)
    await asyncio.sleep(1.5)
    assert (await rig.read(session))["status"] == "paying"
    await hurry(rig, session, older_by=timedelta(minutes=2))
    shown = await rig.until(session, "failed")
    assert (shown["status"], shown["charge"]["failure_reason"]) == ("open", "not_started")
    assert await rig.facts(session) == ["session.opened", "charge.created", "charge.failed"]
    await rig.pay(session)
    await rig.until(session, "paid")
    assert sum(payment["captured"] for payment in await rig.payments(session)) == 1


@pytest.mark.parametrize("crash", ["pay.created-at-provider", "pay.before-commit"])
async def test_a_death_after_the_provider_was_asked_is_paid_once(rig: Rig, crash: str) -> None:
    session = await crashing_pay(rig, crash.replace(".", "-"), crash)
    await hurry(rig, session)
    await rig.until(session, "paid")
    assert [payment["captured"] for payment in await rig.payments(session)] == [1]
    assert (await rig.facts(session)).count("charge.succeeded") == 1


@pytest.mark.parametrize("crash", ["callback.stored", "apply.before-commit", "apply.committed"])
async def test_a_death_around_a_callback_loses_and_repeats_nothing(rig: Rig, crash: str) -> None:
    slug = crash.replace(".", "-")
    rig.links.add(a_link(slug))
    await rig.restart(crash=crash)
    session = await rig.open(slug)
    # Where the callback is quicker, the buyer hears nothing.
    with suppress(httpx.RemoteProtocolError):
        await rig.pay(session)
    await rig.checkout.exited()
    await rig.restart()
    await rig.until(session, "paid")
    facts = await rig.facts(session)
    assert (facts.count("charge.created"), facts.count("charge.succeeded")) == (1, 1)


@pytest.mark.parametrize("crash", ["callback.stored:4", "apply.before-commit:2"])
async def test_a_death_among_many_callbacks_loses_and_repeats_nothing(rig: Rig, crash: str) -> None:
    """Some are stored and answered, some stored only, some neither; those the provider sends again."""
    slug = crash.replace(".", "-").replace(":", "-")
    rig.links.add(a_link(slug))
    await rig.restart(crash=crash)
    sessions = [await rig.open(slug) for _ in range(12)]
    for number, session in enumerate(sessions):
        await rig.pay(session, method="mobile_money", phone=f"+256{770 + number}000004")
        await rig.until(session, "pending")
    payments = [(await rig.payments(session))[0] for session in sessions]
    await asyncio.gather(*(rig.control.post(f"/control/payments/{one['id']}/succeed") for one in payments))
    await rig.checkout.exited()
    await rig.restart()
    for session in sessions:
        await rig.until(session, "paid")
        facts = await rig.facts(session)
        assert (facts.count("charge.created"), facts.count("charge.succeeded")) == (1, 1)
    booked = await rig.pg.fetchval(
        "SELECT count(*) FROM ledger_entry JOIN charge ON charge.id = charge_id"
        " WHERE account = 'provider' AND session_id = ANY($1)",
        [session["id"] for session in sessions],
    )
    assert booked == len(sessions)


async def test_a_death_while_recovering_recovers_again(rig: Rig) -> None:
    await rig.faults(callbacks="drop")  # or a callback may be faster than the recovery that is to die
    session = await crashing_pay(rig, "twice", "pay.created-at-provider")
    await rig.restart(crash="recover.before-commit")
    await hurry(rig, session)
    await rig.checkout.exited()
    await rig.restart()
    await rig.faults(callbacks="deliver")
    await hurry(rig, session)
    await rig.until(session, "paid")
    assert (await rig.facts(session)).count("charge.succeeded") == 1


async def test_a_timeout_after_the_provider_took_the_payment_makes_one_charge(rig: Rig) -> None:
    rig.links.add(a_link("timeout"))
    session = await rig.open("timeout")
    answer = await rig.pay(session, method="mobile_money", phone="+256772000009")
    assert answer.status_code == 202
    again = await rig.pay(session)
    assert again.json()["charge"]["id"] == answer.json()["charge"]["id"]
    await rig.until(session, "paid")
    assert [payment["captured"] for payment in await rig.payments(session)] == [1]


async def test_after_the_providers_error_and_its_word_the_buyer_tries_again(rig: Rig) -> None:
    rig.links.add(a_link("error-500"))
    session = await rig.open("error-500")
    answer = await rig.pay(session, method="mobile_money", phone="+256772000008")
    assert (answer.status_code, answer.json()["next_action"]) == (202, {"type": "wait"})
    shown = await rig.until(session, "failed")
    assert (shown["status"], shown["charge"]["failure_reason"]) == ("open", "provider_error")
    await rig.pay(session)
    await rig.until(session, "paid")


async def test_a_lost_callback_is_found_by_polling(rig: Rig) -> None:
    rig.links.add(a_link("lost"))
    session = await rig.open("lost")
    await rig.pay(session, method="mobile_money", phone="+256772000006")
    await rig.until(session, "paid", seconds=10)


async def test_a_late_success_whose_callback_is_lost_is_found_by_looking_back(rig: Rig) -> None:
    rig.links.add(a_link("late-and-lost"))
    session = await rig.open("late-and-lost")
    await rig.pay(session, method="mobile_money", phone="+256772000003")
    assert (await rig.until(session, "expired"))["status"] == "open"
    await rig.faults(callbacks="drop")
    (payment,) = await rig.payments(session)
    told = await rig.control.post(f"/control/payments/{payment['id']}/succeed")
    assert told.status_code == 200, told.text
    assert (await rig.read(session))["status"] == "open"
    await hurry(rig, session)
    await rig.until(session, "paid")
    await rig.faults(callbacks="deliver")
    assert (await rig.facts(session)).count("charge.succeeded") == 1


async def test_while_a_charge_is_pending_its_use_stays_held(rig: Rig) -> None:
    link = rig.links.add(a_link("patient"))
    session = await rig.open("patient")
    await rig.pay(session, method="mobile_money", phone="+256772000004")
    before = rig.links.asked[-1].held_until
    await rig.pg.execute("UPDATE charge SET polls = 12, next_poll_at = now() WHERE session_id = $1", session["id"])

    async def extended() -> bool:
        return rig.links.asked[-1].held_until > before

    await eventually(extended)
    assert rig.links.asked[-1].link_id == link.id
    assert rig.links.asked[-1].held_until > before + timedelta(minutes=40)


async def test_a_provider_that_is_down_charges_nothing_and_says_so(rig: Rig) -> None:
    rig.links.add(a_link("down"))
    session = await rig.open("down")
    rig.links.add(a_link("warm-up", org_id=rig.links.links["down"].org_id))
    warm = await rig.open("warm-up")
    await rig.pay(warm, method="card", card_token="tok_visa")
    await rig.sandbox.kill()
    try:
        answer = await rig.pay(session)
        assert (answer.status_code, answer.json()["status"]) == (202, "open")
        assert answer.json()["charge"]["failure_reason"] == "provider_error"
    finally:
        await rig.sandbox.start()
    await rig.pay(session)
    await rig.until(session, "paid")
