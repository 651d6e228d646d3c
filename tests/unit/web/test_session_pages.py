"""The page of one payment as bytes: what it says while it waits, and once it is over."""

import pytest
from msgspec.structs import replace

from services.checkout.web.render import render_session
from shared.web.catalogs import catalog
from shared.web.locales import LOCALES
from tests.support import page_gallery as gallery
from tests.support.outline import PAGES, Outline


def test_only_a_pending_page_refreshes_itself_and_listens() -> None:
    quickly, slowly = (b'<noscript><meta http-equiv="refresh" content="%d"></noscript>' % n for n in (3, 15))
    copied_from = {"session-dial", "session-transfer", "session-transfer-late"}
    pending_names = {
        "session-prompt",
        "session-redirecting",
        "session-redirecting-phone",
        "session-processing",
        "session-transfer-sent",
        "session-came-back",
    } | copied_from
    for name in gallery.session_views():
        pending = name in pending_names
        page = PAGES["en", name]
        assert (quickly in page) is (pending and name not in copied_from)
        assert (slowly in page) is (name in copied_from)
        assert (b"data-stream=" in page) is pending


def test_the_code_can_be_dialed_with_one_press_and_without_a_script() -> None:
    page = PAGES["en", "session-dial"].decode()
    assert 'href="tel:*566*058*123456%23"' in page
    text = Outline(PAGES["en", "session-dial"]).text
    assert "*566*058*123456#" in text
    assert "NGN\u00a01,500.50" in text
    assert "Pay before" in text


def test_the_transfer_page_says_what_to_send_and_where() -> None:
    page = PAGES["en", "session-transfer"]
    text = Outline(page).text
    for shown in ("Wema Bank", "7821420190", "RF-1588778", "NGN\u00a01,500.50", "in one transfer"):
        assert shown in text
    copied = [attrs["data-copy"] for attrs in Outline(page).all("button") if "data-copy" in attrs]
    assert copied == ["1500.50", "7821420190", "RF-1588778"]
    assert b'href="/checkout/sessions/s1?sent=1"' in page
    assert b'href="/checkout/sessions/s1"' in PAGES["en", "session-transfer-sent"]


def test_the_prompt_page_says_where_and_by_when() -> None:
    text = Outline(PAGES["en", "session-prompt"]).text
    assert "+256\u00a0772\u00a0123\u00a0456 (MTN)" in text
    assert "Approve before 2:10\u00a0PM\u00a0EAT" in text
    assert "You may close this page" in text


@pytest.mark.parametrize("locale", LOCALES)
def test_an_unfinished_payment_says_what_it_waits_for(locale: str) -> None:
    said = {
        "session-prompt": "approval_on_phone",
        "session-redirecting": "provider_page",
        "session-dial": "ussd_code",
        "session-transfer": "bank_transfer",
        "session-transfer-sent": "bank_transfer",
        "session-came-back": "provider_processing",
        "session-processing": "provider_answer",
    }
    for name, reason in said.items():
        assert catalog(locale)(f"pending_{reason}") in Outline(PAGES[locale, name]).text, name
    for name in ("session-paid", "session-expired"):
        assert 'class="why"' not in PAGES[locale, name].decode()


def test_no_second_try_is_offered_while_it_is_not_safe() -> None:
    page = render_session(replace(gallery.SESSION, retry=None), locale="en")
    assert b"<form" not in page
    assert b"Change number" not in page


def test_the_receipt_has_the_masked_method_and_the_time_of_its_zone() -> None:
    text = Outline(PAGES["en", "session-paid"]).text
    for words in (
        "PL-7Q2M-9XKD",
        "Mobile money ••••\u00a0456",
        "March 5, 2027, 2:05\u00a0PM\u00a0EAT",
        "UGX\u00a050,000",
    ):
        assert words in text
    assert "Visa ••••\u00a04242" in Outline(PAGES["en", "session-paid-card"]).text
    assert "https://kisakye.example/thanks" in PAGES["en", "session-paid"].decode()
    assert "Return to" not in Outline(PAGES["en", "session-paid-card"]).text


@pytest.mark.parametrize("state", ["under_review", "refunding", "refunded", "charged_back"])
@pytest.mark.parametrize("locale", LOCALES)
def test_a_receipt_of_money_that_is_not_kept_stays_one_and_leads_nowhere(state: str, locale: str) -> None:
    outline = Outline(PAGES[locale, f"session-{state.replace('_', '-')}"])
    t = catalog(locale)
    for shown in (t(f"heading_{state}"), t(f"advice_{state}"), t("print"), "PL-7Q2M-9XKD"):
        assert shown in outline.text
    assert (t("row_given_back") in outline.text) is (state == "refunded")
    assert (t("row_charged_back") in outline.text) is (state == "charged_back")
    assert not {"/checkout/invoice-123", "https://kisakye.example/thanks"} & {a["href"] for a in outline.all("a")}


def test_without_a_script_only_what_may_still_be_approved_offers_to_look_again() -> None:
    link = '<noscript><a class="quiet" href="/checkout/sessions/s1">Check again</a></noscript>'
    pages = [name for (locale, name), page in PAGES.items() if locale == "en" and link in page.decode()]
    assert pages == ["session-failed-expired"]


def test_a_part_that_went_back_is_a_line_of_the_receipt() -> None:
    text = Outline(PAGES["fr", "session-paid-partly-back"]).text
    assert "Paiement reçu" in text
    assert "Remboursé5\u00a0000\u00a0UGX 7 mars 2027, 14:05\u00a0EAT" in text


def test_a_failure_names_its_reason_and_keeps_the_number() -> None:
    page = PAGES["en", "session-failed-insufficient_funds"].decode()
    assert "Not enough money" in page
    assert 'value="+256772123456"' in page


def test_once_the_time_for_a_transfer_is_over_nobody_is_told_to_send_it() -> None:
    page = PAGES["en", "session-transfer-late"]
    outline = Outline(page)
    for shown in ("The time for the transfer is over", "do not send it again", "7821420190", "I have sent it"):
        assert shown in outline.text
    for gone in (b"in one transfer", b"Send the money", b'data-copy="', b'data-until="'):
        assert gone not in page
    assert "/checkout/sessions/s1/call-off" in {link["href"] for link in outline.all("a")}


def test_a_transfer_that_is_too_late_is_not_sent_twice() -> None:
    view = replace(gallery.SESSION, state="failed", failure="expired", method="bank_transfer", retry=None)
    text = Outline(render_session(view, locale="en")).text
    assert "If you have sent the money, do not send it again" in text


@pytest.mark.parametrize("name", ["session-transfer-sent", "session-came-back"])
def test_another_language_shows_the_same_page(name: str) -> None:
    assert 'href="/checkout/sessions/s1?lang=fr&amp;sent=1"' in PAGES["en", name].decode()
