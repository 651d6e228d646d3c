"""The buyer's pages as bytes: what each state says, and what none of them may contain."""

import re
from datetime import timedelta
from typing import get_args

import pytest
from msgspec.structs import replace

from services.checkout.domain.banks import ussd_banks
from services.checkout.web.render import render_checkout, render_held, render_problem, render_refusal, render_session
from services.checkout.web.views import ErrorCode, FieldError, FixedPrice, Merchant, ProblemView
from shared.web.locales import LOCALES
from shared.web.slots import ATTEMPT_SLOT, NONCE_SLOT, PreparedPage
from tests.support import page_gallery as gallery
from tests.support.outline import PAGES, Outline

WEIGHT_MAX = 50_000


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
        *("attempt", "seen", "email", "name", "phone", "method", "mobile_phone", "mobile_country", "card_token"),
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


def test_who_has_a_payment_waiting_is_told_where_it_stands_before_paying_once_more() -> None:
    page = PAGES["en", "checkout-waiting"].decode()
    assert "A payment of yours for this link is waiting. " in page
    assert '<a href="/checkout/sessions/s0">See how it stands</a>' in page
    assert re.search(r'<input type="checkbox" [^>]*name="pay_again" [^>]*required', page)
    assert "Pay once more all the same</label>" in page
    assert "already paid" not in page


def test_paying_beside_what_waits_is_refused_in_words_of_its_own() -> None:
    page = PAGES["en", "checkout-waiting-unconfirmed"].decode()
    assert '<a href="#f-pay_again">A payment of yours is waiting. Tick the box' in page
    assert re.search(r'name="pay_again" [^>]*aria-invalid="true"', page)
    assert "already paid" not in page


def test_a_ussd_code_is_asked_for_at_one_of_the_banks_where_there_is_a_list() -> None:
    assert '<option value="058">GTBank</option>' in checkout(methods=("ussd",), banks=ussd_banks("NGN"))
    assert 'name="bank"' not in checkout(methods=("ussd",))


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
