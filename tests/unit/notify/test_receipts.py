"""What a buyer reads. The whole of it stands in tests/golden/receipts; `PAYLINKS_WRITE_GOLDEN=1` writes it anew."""

import os
import re
from pathlib import Path

import pytest

from services import checkout
from services.notify.domain.receipt import Receipt, receipt_of
from services.notify.mailers import wording as mailer
from services.notify.mailers.receipt import word_receipt
from services.notify.mailers.wording import Wording
from shared.kernel.money import Money
from shared.web.catalogs import read_messages
from shared.web.locales import LOCALES
from tests.support.mails import paid

GOLDEN = Path(__file__).parents[2] / "golden" / "receipts"


URL = "https://pay.example/checkout/sessions/1?token=t0ken"


def worded(locale: str = "en", *, url: str = URL, **over: object) -> Wording:
    return word_receipt(receipt_of(paid(**over)), locale, url=url)


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PAYLINKS_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), f"{name} changed: look at it, then run with PAYLINKS_WRITE_GOLDEN=1"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_receipt_reads_as_it_was_approved(locale: str) -> None:
    wording = worded(locale)
    assert_golden(f"{locale}.txt", f"{wording.subject}\n\n{wording.text}")
    assert_golden(f"{locale}.html", wording.html)


def test_once_warm_a_receipt_needs_no_file_any_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mailer.words.cache_clear()
    mailer.warm()
    monkeypatch.setattr(mailer, "TEMPLATES", tmp_path)
    for locale in LOCALES:
        assert worded(locale).html


def test_a_late_payment_in_test_mode_reads_as_it_was_approved() -> None:
    wording = worded(late=True, livemode=False, merchant_support_email=None, payer_hint=None)
    assert_golden("late_test.txt", f"{wording.subject}\n\n{wording.text}")
    assert_golden("late_test.html", wording.html)


@pytest.mark.parametrize("locale", LOCALES)
def test_text_and_html_say_the_amount_merchant_title_number_and_address_of_the_receipt(locale: str) -> None:
    wording = worded(locale, total=Money(1999, "USD"))
    for body in (wording.text, wording.html):
        assert re.search(r"19[.,]99", body)
        for part in ("Kampala Coffee", "Invoice #123", "R-20270305-7K2QX9AB", "token=t0ken", "help@kampala.example"):
            assert part in body
        assert "{" not in body.replace("{text-underline", "") or body is wording.html


def test_the_date_is_in_the_merchants_time_zone() -> None:
    assert "2:05" in worded(timezone="Africa/Kampala").text
    assert "11:05" in worded(timezone="UTC").text
    assert "11:05" in worded(timezone="Nowhere/City").text


def test_an_unknown_language_reads_as_english_and_a_regional_one_as_its_own() -> None:
    assert worded("tlh").text == worded("en").text
    assert worded("fr-CI").text == worded("fr").text


def test_the_merchants_color_is_on_the_button_and_never_unread_as_text() -> None:
    html = worded(merchant_color="#ffdd00").html
    assert 'bgcolor="#ffdd00"' in html
    assert 'style="color:#ffdd00' not in html
    assert "javascript" not in worded(merchant_color="red;background:url(javascript:1)").html


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_and_the_mail_call_the_number_of_the_receipt_the_same(locale: str) -> None:
    page = (Path(checkout.__file__).parent / "web" / "templates" / "session_paid.html").read_text("utf-8")
    assert '"row_receipt_number"|t' in page
    assert read_messages(locale)["row_receipt_number"] in worded(locale).text


@pytest.mark.parametrize("field", ["merchant_name", "link_title", "payer_hint", "receipt_number"])
def test_markup_in_a_name_is_shown_and_never_obeyed(field: str) -> None:
    wording = worded(**{field: "<script>alert(1)</script>&\"'"})
    assert "<script>" not in wording.html
    assert "&lt;script&gt;" in wording.html
    assert "<script>alert(1)</script>" in wording.text


def test_braces_in_a_name_are_only_braces() -> None:
    assert "{0.__class__} {amount}" in worded(merchant_name="{0.__class__} {amount}").text


def test_a_receipt_address_that_is_not_a_web_address_makes_no_link() -> None:
    assert "javascript:" not in worded(url="javascript:alert(1)").html


def test_the_html_loads_nothing_from_anywhere() -> None:
    html = worded(livemode=False, late=True).html
    assert not re.search(r"<(img|link|script|iframe|object)|url\(|@import|@font-face|\bsrc=", html)
    assert len(html.encode()) < 20_000


def test_only_test_payments_are_called_tests() -> None:
    assert worded(livemode=False).subject.startswith("[Test]")
    assert "Test mode" in worded(livemode=False).html
    assert "Test" not in worded(livemode=True).subject
    assert "Test mode" not in worded(livemode=True).html


def test_what_the_buyer_typed_is_not_repeated() -> None:
    """A stranger's address with a text of one's choice would make a fine tool for spam."""
    wording = worded()
    assert "Amina" not in wording.text + wording.html + wording.subject


def test_a_receipt_survives_the_ledger() -> None:
    import msgspec

    receipt = receipt_of(paid())
    assert msgspec.json.decode(msgspec.json.encode(receipt), type=Receipt) == receipt
