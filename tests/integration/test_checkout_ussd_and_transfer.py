"""Paying by USSD code and by bank transfer in test mode: over JSON, and on the pages without a script."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import re
from typing import Any

import pytest

from shared.contracts.links import FixedView
from shared.kernel.money import Money
from tests.support.checkout import Rig, a_link, bearer, rig  # noqa: F401 - a fixture

WAITS = 990_004
"""An amount in minor units that stays pending until the sandbox is told."""


def add(rig: Rig, slug: str, *methods: str, currency: str = "NGN", minor: int = WAITS) -> None:
    rig.links.add(a_link(slug, methods=methods, pricing=FixedView(Money(minor, currency))))


async def test_a_code_is_dialed_and_the_session_is_paid(rig: Rig) -> None:
    add(rig, "ussd", "ussd")
    session = await rig.open("ussd")
    started = await rig.pay(session, method="ussd", bank="058")
    assert started.status_code == 202, started.text
    action = started.json()["next_action"]
    assert action["type"] == "dial"
    assert re.fullmatch(r"\*566\*058\*[0-9]{6}#", action["code"])
    await rig.approve(session)
    paid = await rig.until(session, "paid")
    assert paid["charge"]["method"] == "ussd"
    (payment,) = await rig.payments(session)
    assert (payment["method"], payment["amount"], payment["captured"]) == ("ussd", WAITS, 1)


async def test_a_transfer_says_exactly_what_to_send_and_where(rig: Rig) -> None:
    add(rig, "transfer", "bank_transfer")
    session = await rig.open("transfer")
    action = (await rig.pay(session, method="bank_transfer")).json()["next_action"]
    assert action["type"] == "transfer"
    assert action["amount"] == {"amount_minor": WAITS, "currency": "NGN"}
    assert (action["bank"], bool(action["account_number"]), bool(action["reference"])) == ("Sandbox Bank", True, True)
    await rig.approve(session)
    assert (await rig.until(session, "paid"))["charge"]["method"] == "bank_transfer"


async def test_ordinary_amounts_approve_themselves_and_magic_ones_fail(rig: Rig) -> None:
    add(rig, "ordinary", "bank_transfer", currency="UGX", minor=50_000)
    add(rig, "poor", "ussd", currency="UGX", minor=990_001)
    ordinary, poor = await rig.open("ordinary"), await rig.open("poor")
    assert (await rig.pay(ordinary, method="bank_transfer")).status_code == 202
    assert (await rig.pay(poor, method="ussd")).status_code == 202
    await rig.until(ordinary, "paid")
    assert (await rig.until(poor, "failed"))["charge"]["failure_reason"] == "insufficient_funds"


@pytest.mark.parametrize(
    ("means", "field"),
    [
        ({"method": "ussd"}, "bank"),
        ({"method": "ussd", "bank": "999"}, "bank"),
        ({"method": "ussd", "bank": "058; DROP"}, "bank"),
        ({"method": "ussd", "bank": "058", "phone": "+2348031234567"}, "phone"),
        ({"method": "bank_transfer", "bank": "058"}, "bank"),
        ({"method": "bank_transfer", "card_token": "tok_visa"}, "card_token"),
    ],
)
async def test_what_does_not_go_with_the_method_is_refused(rig: Rig, means: dict[str, Any], field: str) -> None:
    add(rig, "refused", "ussd", "bank_transfer")
    session = await rig.open("refused")
    answer = await rig.pay(session, **means)
    assert answer.status_code in {400, 422}
    assert field in answer.text
    assert await rig.payments(session) == []


async def test_a_bank_is_not_chosen_where_the_currency_has_no_list(rig: Rig) -> None:
    add(rig, "shillings", "ussd", currency="UGX", minor=50_000)
    session = await rig.open("shillings")
    assert "bank" in (await rig.pay(session, method="ussd", bank="058")).text
    assert await rig.payments(session) == []


async def test_the_page_asks_for_the_bank_and_shows_the_code(rig: Rig) -> None:
    add(rig, "page-ussd", "ussd", "bank_transfer")
    assert "GTBank" in (await rig.http.get("/checkout/page-ussd")).text
    form = {"method": "ussd", "attempt": "attempt-of-ussd"}
    without = await rig.http.post("/checkout/page-ussd", data=form)
    assert without.status_code == 422
    assert 'href="#f-bank"' in without.text
    sent = await rig.http.post("/checkout/page-ussd", data=form | {"bank": "058"})
    assert sent.status_code == 303
    page = await rig.http.get(sent.headers["location"])
    assert "tel:*566*058*" in page.text
    assert "%23" in page.text


async def test_who_says_that_it_is_sent_waits_and_can_look_again_or_call_it_off(rig: Rig) -> None:
    add(rig, "page-transfer", "bank_transfer")
    sent = await rig.http.post("/checkout/page-transfer", data={"method": "bank_transfer", "attempt": "attempt-of-it"})
    path = sent.headers["location"]
    account = await rig.http.get(path)
    assert "Sandbox Bank" in account.text
    assert f'href="{path}?sent=1"' in account.text
    waiting = await rig.http.get(f"{path}?sent=1")
    assert "Sandbox Bank" not in waiting.text
    assert f'href="{path}"' in waiting.text
    again = await rig.http.post(f"{path}/call-off")
    assert again.headers["location"] == f"{path}?choose=1"


async def test_an_open_page_learns_that_the_time_for_its_transfer_is_over(rig: Rig) -> None:
    add(rig, "too-late", "bank_transfer", minor=990_004)
    session = await rig.open("too-late")
    await rig.pay(session, method="bank_transfer")
    path, cookie = f"/checkout/sessions/{session['id']}", {"cookie": f"paylinks_session={session['token']}"}
    before = (await rig.http.get(f"{path}/version", headers=cookie)).json()
    assert "in one transfer" in (await rig.http.get(path, headers=cookie)).text
    over = """UPDATE charge SET next_action = jsonb_set(next_action, '{expires_at}', '"2026-01-02T03:04:05Z"')
              WHERE session_id = $1"""
    await rig.pg.execute(over, session["id"])
    assert (await rig.http.get(f"{path}/version", headers=cookie)).json() != before
    page = await rig.http.get(path, headers=cookie)
    assert "in one transfer" not in page.text
    assert "The time for the transfer is over" in page.text
    assert (await rig.http.post(f"{path}/call-off", headers=cookie)).headers["location"] == f"{path}?choose=1"


async def test_a_code_that_is_called_off_cannot_be_paid_any_more(rig: Rig) -> None:
    add(rig, "off", "ussd")
    session = await rig.open("off")
    await rig.pay(session, method="ussd", bank="058")
    answer = await rig.http.post(f"/v1/checkout/sessions/{session['id']}/call-off", headers=bearer(session))
    assert answer.json()["status"] == "open"
    assert [payment["status"] for payment in await rig.payments(session)] == ["failed"]
