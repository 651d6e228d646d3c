"""What the recipient of a link reads. The whole of it stands in tests/golden/link_mails."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services.notify.domain.link_mail import LinkMail, known_of, withheld
from services.notify.mailers.link import ITEMS_MAX, word_link
from services.notify.mailers.wording import Wording
from services.notify.use_cases.link_mails import worth_noting
from shared.contracts.links import CartItemView, CartView, MerchantView, PlanView, UsesView
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from shared.web.locales import LOCALES
from tests.support.link_mails import KAMPALA, PRICINGS, SCHEDULED_AT, mail_of, view

GOLDEN = Path(__file__).parents[2] / "golden" / "link_mails"
URL = "https://pay.example/checkout/invoice-123"
EXPIRES_AT = datetime(2027, 3, 12, 20, 59, tzinfo=UTC)


def worded(locale: str = "en", *, url: str = URL, **over: object) -> Wording:
    return word_link(mail_of(**over), locale, url=url)


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PAYLINKS_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), f"{name} changed: look at it, then run with PAYLINKS_WRITE_GOLDEN=1"


@pytest.mark.parametrize("locale", LOCALES)
def test_the_mail_of_a_gated_link_that_expires_reads_as_it_was_approved(locale: str) -> None:
    wording = worded(locale, gate_otp=True, expires_at=EXPIRES_AT)
    assert_golden(f"{locale}.txt", f"{wording.subject}\n\n{wording.text}")
    assert_golden(f"{locale}.html", wording.html)


@pytest.mark.parametrize("kind", sorted(PRICINGS))
def test_the_mail_of_every_pricing_reads_as_it_was_approved(kind: str) -> None:
    wording = worded(pricing=PRICINGS[kind], livemode=False, merchant=MerchantView("Kigali Roasters"))
    assert_golden(f"{kind}.txt", f"{wording.subject}\n\n{wording.text}")
    assert_golden(f"{kind}.html", wording.html)


@pytest.mark.parametrize("locale", LOCALES)
def test_text_and_html_have_the_amount_the_title_the_link_the_expiry_and_who_to_ask(locale: str) -> None:
    wording = worded(locale, expires_at=EXPIRES_AT)
    assert "Kampala Coffee" in wording.subject
    for body in (wording.text, wording.html):
        assert re.search(r"50[., \u00a0]000", body)
        for part in ("Kampala Coffee", "Invoice #123", URL, "help@kampala.example", ":59", "EAT"):
            assert part in body


def test_the_expiry_is_in_the_organizations_time_zone() -> None:
    lagos = msgspec.structs.replace(KAMPALA, timezone="Africa/Lagos")
    assert "9:59" in worded(expires_at=EXPIRES_AT, merchant=lagos).text
    assert "Pay before" not in worded().text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("interval", ["day", "week", "month", "quarter", "year"])
def test_a_plan_says_how_often_in_every_language(locale: str, interval: str) -> None:
    for count in (1, 2):
        plan = PlanView(new_id(), "Gold", Money(1999, "USD"), interval, count)
        text = worded(locale, pricing=plan).text
        assert "{" not in text
    assert "every 6 months" in worded(pricing=PlanView(new_id(), "Gold", Money(1, "USD"), "quarter", 2)).text


def test_a_long_cart_is_cut_and_says_so() -> None:
    item = CartItemView(name="Cup", unit=Money(100, "USD"), quantity=1)
    cart = CartView(items=(item,) * (ITEMS_MAX + 1), total=Money(1_100, "USD"))
    assert worded(pricing=cart).text.count("1 × Cup") == ITEMS_MAX
    assert "…" in worded(pricing=cart).text


@pytest.mark.parametrize("field", ["title", "merchant"])
def test_markup_in_a_name_is_shown_and_never_obeyed(field: str) -> None:
    evil = "<script>alert(1)</script>&\"'{0.__class__}"
    value = evil if field == "title" else MerchantView(evil)
    wording = worded(**{field: value})
    assert "<script>" not in wording.html
    assert "&lt;script&gt;" in wording.html
    assert "{0.__class__}" in wording.text


def test_the_html_loads_nothing_and_has_one_button() -> None:
    html = worded(gate_otp=True, expires_at=EXPIRES_AT, livemode=False).html
    assert not re.search(r"<(img|link|script|iframe|object)|url\(|@import|@font-face|\bsrc=", html)
    assert html.count('href="http') == 1
    assert len(html.encode()) < 20_000
    assert "javascript:" not in worded(url="javascript:alert(1)").html


def test_only_test_links_are_called_tests() -> None:
    assert worded(livemode=False).subject.startswith("[Test]")
    assert "Test mode" in worded(livemode=False).text
    assert "Test" not in worded().subject + worded().text


def test_nothing_private_is_in_it() -> None:
    fields = set(LinkMail.__struct_fields__)
    assert not fields & {"internal_name", "private_note", "reference", "metadata"}


def test_what_the_mail_says_survives_the_ledger() -> None:
    for pricing in PRICINGS.values():
        about = mail_of(pricing=pricing, expires_at=EXPIRES_AT)
        assert msgspec.json.decode(msgspec.json.encode(about), type=LinkMail) == about


AT = SCHEDULED_AT


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"ended_at": AT, "ended_as": "revoked"}, "revoked"),
        ({"ended_at": AT, "ended_as": "archived", "paused_at": AT}, "archived"),
        ({"paused_at": AT}, "paused"),
        ({"uses": UsesView(1, 0, 2)}, "paid"),
        ({"scheduled_at": AT + timedelta(hours=1)}, "rescheduled"),
        ({"scheduled_at": None}, "rescheduled"),
        ({"email": "other@example.com"}, "other_recipient"),
        ({"email": None}, "rescheduled"),
        ({"expires_at": AT}, "expired"),
        ({"expires_at": AT + timedelta(seconds=1)}, None),
    ],
)
def test_what_became_of_the_link_decides_whether_it_goes_out(changed: dict, reason: str | None) -> None:
    known = known_of(view(**changed), at=AT)
    assert withheld(known, mail_of(), to_address="amina@example.com", now=AT) == reason


def test_a_link_that_nothing_is_known_of_is_not_mailed() -> None:
    assert withheld(None, mail_of(), to_address="amina@example.com", now=AT) == "no_longer_due"


def test_of_a_link_that_is_new_and_for_nobody_in_particular_nothing_is_kept() -> None:
    """Most links are never mailed. A later revision may overtake the one that had a recipient, and is remembered."""
    nobody = {"email": None, "scheduled_at": None}
    assert not worth_noting(known_of(view(**nobody), at=AT))
    assert worth_noting(known_of(view(**nobody, revision=2), at=AT))
    assert worth_noting(known_of(view(scheduled_at=None), at=AT))
    assert worth_noting(known_of(view(), at=AT))
