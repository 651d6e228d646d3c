"""The buyer's pages as bytes: what each state says, and what none of them may contain."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import get_args

import pytest
from msgspec.structs import replace

from services.checkout.domain.banks import ussd_banks
from services.checkout.web.render import render_checkout, render_held, render_problem, render_refusal, render_session
from services.checkout.web.views import ErrorCode, FieldError, FixedPrice, Merchant, ProblemView
from shared.web.catalogs import catalog
from shared.web.locales import LOCALES
from shared.web.slots import ATTEMPT_SLOT, NONCE_SLOT, PreparedPage
from tests.support import page_gallery as gallery

PAGES = {(locale, name): page for locale in LOCALES for name, page in gallery.pages(locale).items()}
WEIGHT_MAX = 50_000


class Outline(HTMLParser):
    """Tags with their attributes, ids, and the texts outside script and style."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent = self._silent and tag not in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(params=PAGES, ids="-".join, scope="module")
def page(request: pytest.FixtureRequest) -> bytes:
    return PAGES[request.param]


def checkout(**changes: object) -> str:
    return render_checkout(replace(gallery.LIVE, **changes), locale="en", nonce="n").decode()


def test_every_page_is_lighter_than_the_limit(page: bytes) -> None:
    assert len(page) < WEIGHT_MAX


def test_no_page_has_inline_styles_or_event_handlers(page: bytes) -> None:
    names = {name for _, attrs in Outline(page).tags for name in attrs}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]


def test_nothing_is_escaped_twice(page: bytes) -> None:
    assert not re.search(rb"&amp;(#\d+|amp|lt|gt|quot);", page)


def test_every_script_and_style_carries_the_nonce_and_nothing_is_loaded(page: bytes) -> None:
    outline = Outline(page)
    for attrs in outline.all("script", "style"):
        assert attrs.get("nonce") == gallery.NONCE
        assert "src" not in attrs
    assert [attrs["href"] for attrs in outline.all("link")] == ["data:,"]


def test_every_field_has_a_label_and_every_id_is_unique(page: bytes) -> None:
    outline = Outline(page)
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    labelled = {attrs.get("for") for attrs in outline.all("label")}
    for attrs in outline.all("input", "select"):
        if attrs.get("type") == "hidden":
            continue
        assert attrs.get("id") in labelled or "aria-label" in attrs, attrs
    for _, attrs in outline.tags:
        for reference in (attrs.get("aria-describedby") or "").split():
            assert reference in ids


def test_every_page_says_its_language_has_one_heading_and_a_title(page: bytes) -> None:
    outline = Outline(page)
    assert outline.all("html")[0]["lang"] in LOCALES
    assert len(outline.all("h1")) == 1
    assert re.search(rb"<title>\S.*</title>", page)


def test_the_language_switcher_is_plain_links() -> None:
    links = {attrs["href"]: attrs for attrs in Outline(PAGES["fr", "checkout-fixed"]).all("a") if "hreflang" in attrs}
    assert set(links) == {f"/checkout/invoice-123?lang={locale}" for locale in LOCALES}
    assert links["/checkout/invoice-123?lang=fr"]["aria-current"] == "true"


def test_hostile_merchant_text_stays_text() -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}<nonce><attempt>'
    merchant = Merchant(name=evil, logo_url='javascript:alert(1)"', color="#fff;}body{display:none", support_email=evil)
    view = replace(
        gallery.CHECKOUT,
        merchant=merchant,
        title=evil,
        description=evil,
        cancel_url="javascript:alert(1)",
        values={"email": evil, "mobile_phone": evil},
    )
    pages = [
        render_checkout(view, locale="en", nonce="n"),
        render_session(replace(gallery.SESSION, merchant=merchant, title=evil, phone=evil), locale="en", nonce="n"),
        render_held(replace(gallery.HELD, merchant=merchant, title=evil), locale="en", nonce="n"),
        *(
            render_refusal(replace(refusal, merchant=merchant, title=evil), locale="fr", nonce="n")
            for refusal in gallery.refusal_views().values()
        ),
        *(
            render_session(
                replace(state, merchant=merchant, title=evil, success_url="javascript:alert(1)"), locale="sw", nonce="n"
            )
            for state in gallery.session_views().values()
        ),
    ]
    for page in pages:
        assert b"<script>alert" not in page
        assert b"<img" not in page
        assert b"javascript:" not in page
        assert b"body{display:none" not in page
        assert b"{{7*7}}" in page
        assert b'"><script' not in page


def test_a_prepared_page_differs_only_in_its_nonce_and_attempt() -> None:
    view = replace(gallery.CHECKOUT, attempt=ATTEMPT_SLOT, title="A <nonce> for <attempt>")
    prepared = PreparedPage(render_checkout(view, locale="en"))
    whole = render_checkout(replace(view, attempt="a-1"), locale="en", nonce="n-1")
    assert prepared.fill("n-1", attempt="a-1") == whole
    assert NONCE_SLOT.encode() not in whole


def test_the_checkout_form_posts_what_the_server_reads() -> None:
    outline = Outline(PAGES["en", "checkout-everything"])
    (form,) = outline.all("form")
    assert (form["method"], form["action"]) == ("post", "/checkout/invoice-123")
    assert {attrs["name"] for attrs in outline.all("input", "select") if "name" in attrs} == {
        *("attempt", "email", "name", "phone", "method", "mobile_phone", "mobile_country", "card_token"),
        *("address_line1", "address_line2", "address_city", "address_postal_code", "address_country"),
    }


def test_errors_are_listed_first_and_tied_to_their_fields() -> None:
    page = PAGES["en", "checkout-errors"].decode()
    assert page.index('role="alert"') < page.index('name="amount"')
    assert '<a href="#f-amount">Amount: The smallest amount is UGX\u00a01,000.</a>' in page
    assert '<a href="#f-address_city">Town or city: Fill this in.</a>' in page
    fields = {attrs.get("name"): attrs for attrs in Outline(page.encode()).all("input", "select")}
    assert fields["email"]["aria-invalid"] == "true"
    assert "f-email-error" in (fields["email"]["aria-describedby"] or "")
    assert fields["email"]["value"] == "amina@"
    assert fields["mobile_phone"]["value"] == "0803 12"
    assert "aria-invalid" not in fields["name"]
    assert "<title>Error: Pay" in page


@pytest.mark.parametrize("code", get_args(ErrorCode))
@pytest.mark.parametrize("locale", LOCALES)
def test_every_error_has_words_in_every_language(code: ErrorCode, locale: str) -> None:
    view = replace(gallery.LIVE, errors=(FieldError("email", code, minor=100, currency="UGX"),))
    assert b'aria-invalid="true"' in render_checkout(view, locale=locale)


def test_the_amount_is_on_the_page_and_on_the_button() -> None:
    page = checkout(price=FixedPrice(1_999, "USD"))
    assert '<p class="total">$19.99</p>' in page
    assert ">Pay $19.99</span>" in page


def test_an_amount_of_the_buyers_own_has_its_bounds_and_no_total() -> None:
    page = PAGES["en", "checkout-flexible"].decode()
    assert "Between UGX\u00a01,000 and UGX\u00a0500,000." in page
    assert 'inputmode="numeric"' in page
    assert 'class="total' not in page


def test_uses_are_counted_down_only_when_few_are_left() -> None:
    assert "Only 2 left" in checkout(uses_left=2)
    assert "left" not in Outline(checkout(uses_left=200).encode()).text
    assert "left" not in Outline(checkout(uses_left=None).encode()).text


def test_the_operator_is_hinted_without_javascript_too() -> None:
    assert "This is an Airtel number." in checkout(values={"mobile_phone": "0701 234 567"})
    assert "Looks like Safaricom." in checkout(values={"mobile_phone": "+254712345678"})


def test_only_a_test_link_shows_test_numbers() -> None:
    assert "000001" in PAGES["en", "checkout-fixed"].decode()
    assert "4242 4242 4242 4242" not in checkout()


def test_one_method_needs_no_choice() -> None:
    page = checkout(methods=("mobile_money",))
    assert '<input type="hidden" name="method" value="mobile_money">' in page
    assert 'type="radio"' not in page


def test_paying_the_same_link_again_is_asked_first() -> None:
    page = PAGES["en", "checkout-paid-before"].decode()
    assert re.search(r'<input type="checkbox" [^>]*name="pay_again" [^>]*required', page)


def test_only_a_pending_page_refreshes_itself_and_listens() -> None:
    quickly, slowly = (b'<noscript><meta http-equiv="refresh" content="%d"></noscript>' % n for n in (3, 15))
    copied_from = {"session-dial", "session-transfer"}
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


def test_a_ussd_code_is_asked_for_at_one_of_the_banks_where_there_is_a_list() -> None:
    assert '<option value="058">GTBank</option>' in checkout(methods=("ussd",), banks=ussd_banks("NGN"))
    assert 'name="bank"' not in checkout(methods=("ussd",))


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


@pytest.mark.parametrize("state", ["under_review", "refunding", "refunded"])
@pytest.mark.parametrize("locale", LOCALES)
def test_a_receipt_of_money_that_is_not_kept_stays_one_and_leads_nowhere(state: str, locale: str) -> None:
    outline = Outline(PAGES[locale, f"session-{state.replace('_', '-')}"])
    t = catalog(locale)
    for shown in (t(f"heading_{state}"), t(f"advice_{state}"), t("print"), "PL-7Q2M-9XKD"):
        assert shown in outline.text
    assert (t("row_given_back") in outline.text) is (state == "refunded")
    assert not {"/checkout/invoice-123", "https://kisakye.example/thanks"} & {a["href"] for a in outline.all("a")}


def test_a_part_that_went_back_is_a_line_of_the_receipt() -> None:
    text = Outline(PAGES["fr", "session-paid-partly-back"]).text
    assert "Paiement reçu" in text
    assert "Remboursé5\u00a0000\u00a0UGX 7 mars 2027, 14:05\u00a0EAT" in text


def test_a_failure_names_its_reason_and_keeps_the_number() -> None:
    page = PAGES["en", "session-failed-insufficient_funds"].decode()
    assert "Not enough money" in page
    assert 'value="+256772123456"' in page


def test_a_transfer_that_is_too_late_is_not_sent_twice() -> None:
    view = replace(gallery.SESSION, state="failed", failure="expired", method="bank_transfer", retry=None)
    text = Outline(render_session(view, locale="en")).text
    assert "If you have sent the money, do not send it again" in text


def test_a_refusal_says_why_since_when_and_what_next() -> None:
    text = Outline(PAGES["en", "refusal-expired"]).text
    assert "This link has expired" in text
    assert "It ended on March 3, 2027, 2:05\u00a0PM\u00a0EAT." in text
    assert "Ask Kisakye Crafts for a new link." in text
    assert "It opens on March 6, 2027" in Outline(PAGES["en", "refusal-not_started"]).text
    assert "This link is closed" in Outline(PAGES["en", "refusal-revoked"]).text


@pytest.mark.parametrize(("seconds", "content"), [(-20, 5), (30, 31), (4_000, 60)])
def test_a_held_page_looks_again_in_good_time(seconds: int, content: int) -> None:
    view = replace(gallery.HELD, retry_at=gallery.NOW + timedelta(seconds=seconds))
    page = render_held(view, locale="en").decode()
    assert f'data-again="{content}"' in page
    assert f'<noscript><meta http-equiv="refresh" content="{content};url={view.path}"></noscript>' in page


@pytest.mark.parametrize("name", ["session-transfer-sent", "session-came-back"])
def test_another_language_shows_the_same_page(name: str) -> None:
    assert 'href="/checkout/sessions/s1?lang=fr&amp;sent=1"' in PAGES["en", name].decode()


def test_another_language_keeps_the_currency_that_was_chosen() -> None:
    assert 'href="/checkout/invoice-123?lang=fr&amp;currency=EUR"' in checkout(kept="currency=EUR")
    assert 'href="/checkout/invoice-123?lang=fr"' in checkout()


def test_a_name_from_right_to_left_leaves_the_sentence_around_it_in_order() -> None:
    page = checkout(merchant=Merchant("\u0645\u0637\u0639\u0645 1"))
    assert "\u2068\u0645\u0637\u0639\u0645 1\u2069 and the payment provider" in page
    assert "\u2068" not in checkout(merchant=Merchant("Café"))


def test_a_problem_page_shows_the_request_id_and_no_merchant() -> None:
    page = render_problem(ProblemView(path="/checkout/x", kind="not_found", request_id="req_1"), locale="en")
    assert b"req_1" in page
    assert b'class="merchant"' not in page
