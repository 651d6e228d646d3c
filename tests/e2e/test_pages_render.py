"""The buyer's pages in a real browser, under their real policy, without any service behind them."""

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from services.checkout.web.render import render_checkout, render_session
from services.checkout.web.views import CheckoutView, ChosenPrice, SessionView
from tests.support import page_gallery as gallery
from tests.support.browsing import DESKTOP, PHONE
from tests.support.page_site import ORIGIN, Open, Site

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 640}
OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
TARGETS = "a,button,select,input:not([type=hidden]),summary,label.way"
SMALL_TARGETS = f"""[...document.querySelectorAll("{TARGETS}")].filter((e) => {{
  const box = (e.closest("label.tick") || e).getBoundingClientRect();
  const inText = e.matches("p a, li a");
  return box.width > 1 && !inText && box.height < 43.5 && getComputedStyle(e).visibility !== "hidden";
}}).map((e) => e.outerHTML.slice(0, 120))"""
OUTSIDE_LANDMARKS = """[...document.querySelectorAll("body *")].filter((e) =>
  !e.closest("header, main, footer, aside, nav, .skip, details.test, [role=status], script")
  && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => e.outerHTML.slice(0, 120))"""


def checkout(view: CheckoutView, locale: str = "en") -> bytes:
    return render_checkout(view, locale=locale, nonce=gallery.NONCE)


def session(view: SessionView) -> bytes:
    return render_session(view, locale="en", nonce=gallery.NONCE)


@pytest.mark.parametrize(
    ("viewports", "javascript"), [([NARROW, PHONE, DESKTOP], True), ([NARROW], False)], ids=["all", "narrow-plain"]
)
async def test_no_page_scrolls_sideways_and_every_target_is_large_enough(
    visit: Open, site: Site, *, viewports: list[dict[str, int]], javascript: bool
) -> None:
    locale = "fr" if javascript else "lg"
    page = await visit(checkout(gallery.LIVE), javascript=javascript)
    for name, content in gallery.pages(locale).items():
        site.pages["/x"] = content.replace(b' data-stream="', b' data-silent="').replace(
            b' data-poll="', b' data-mute="'
        )
        await page.goto(f"{ORIGIN}/x")
        assert await page.evaluate(OUTSIDE_LANDMARKS) == [], name
        # The layout follows the width: to load each page again for each would take most of this test's time.
        for viewport in viewports:
            await page.set_viewport_size(viewport)
            assert await page.evaluate("innerWidth") == viewport["width"]
            assert not await page.evaluate(OVERFLOWS), (name, viewport)
            assert await page.evaluate(SMALL_TARGETS) == [], (name, viewport)


async def test_the_operator_shows_while_the_number_is_typed(visit: Open) -> None:
    page = await visit(checkout(gallery.CHECKOUT))
    hint = page.locator("#op")
    await page.fill("#f-mobile_phone", "0772")
    assert await hint.text_content() == "This is an MTN number."
    await page.fill("#f-mobile_phone", "+254 757")
    assert await hint.text_content() == "Looks like Safaricom. If you changed network, that is fine."
    assert not await page.locator("#dial").is_visible()
    await page.fill("#f-mobile_phone", "9")
    assert "You approve the payment" in (await hint.text_content() or "")


@pytest.mark.parametrize("javascript", [True, False])
async def test_the_focus_goes_to_what_applying_a_coupon_came_to(visit: Open, site: Site, *, javascript: bool) -> None:
    views = gallery.checkout_views()
    page = await visit(checkout(views["checkout-cart-coupon"]), javascript=javascript)
    await expect(page.locator("#coupon-said")).to_be_focused()
    site.pages["/x"] = checkout(views["checkout-coupon-refused"])
    await page.goto(f"{ORIGIN}/x")
    await expect(page.locator("#errors")).to_be_focused()
    site.pages["/x"] = checkout(gallery.LIVE)
    await page.goto(f"{ORIGIN}/x")
    await expect(page.locator("body")).to_be_focused()


async def test_a_mobile_money_form_is_sent_once(visit: Open, site: Site) -> None:
    page = await visit(checkout(gallery.CHECKOUT))
    await page.fill("#f-mobile_phone", "0772123456")
    await page.evaluate("const b = document.getElementById('send'); b.click(); b.click(); b.click()")
    await expect(page).to_have_title("posted")
    (sent,) = site.posted
    assert sent["method"] == ["mobile_money"]
    assert sent["mobile_phone"] == ["0772123456"]
    assert sent["mobile_country"] == ["UG"]
    assert sent["attempt"] == ["attempt-1"]


async def test_a_missing_number_is_told_in_the_pages_language_before_anything_is_sent(visit: Open, site: Site) -> None:
    page = await visit(checkout(gallery.CHECKOUT, "fr"))
    await page.click("#send")
    assert await page.locator("#f-mobile_phone-error").text_content() == "Remplissez ce champ."
    assert await page.evaluate("document.activeElement.id") == "f-mobile_phone"
    assert site.posted == []
    await page.fill("#f-mobile_phone", "0")
    assert not await page.locator("#f-mobile_phone-error").text_content()


async def test_without_javascript_the_form_is_plain_and_a_card_goes_to_its_page(visit: Open, site: Site) -> None:
    page = await visit(checkout(gallery.CHECKOUT), javascript=False)
    assert await page.locator("#send").inner_text() == "Pay UGX\u00a050,000"
    await page.click("label[for=way-card]")
    assert await page.locator("#send").inner_text() == "Continue to card page"
    assert not await page.locator("#f-mobile_phone").is_visible()
    await page.click("#send")
    await expect(page).to_have_title("posted")
    assert site.posted[0]["method"] == ["card"]
    assert site.posted[0]["card_token"] == [""]


async def test_a_card_is_paid_by_the_token_of_the_providers_frame(visit: Open, site: Site) -> None:
    page = await visit(checkout(gallery.CHECKOUT))
    assert await page.locator("iframe").count() == 0
    await page.click("label[for=way-card]")
    field = page.frame_locator("iframe").locator("#number")
    await field.fill("1")
    await page.click("#send")
    await expect(page.locator("#live")).to_have_text("Check the card number")
    assert site.posted == []
    box = await page.locator("iframe").bounding_box()
    assert box
    assert (box["height"], box["width"] > 250) == (180, True)
    await field.fill("4242")
    await page.click("#send")
    await expect(page).to_have_title("posted")
    (sent,) = site.posted
    assert sent["card_token"] == ["tok_visa"]


async def test_messages_from_anywhere_else_are_not_listened_to(visit: Open, site: Site) -> None:
    page = await visit(checkout(gallery.CHECKOUT))
    await page.click("label[for=way-card]")
    await page.frame_locator("iframe").locator("#number").fill("1")
    await page.evaluate("window.postMessage({type: 'paylinks.card.token', token: 'tok_stolen'}, '*')")
    await page.evaluate("window.postMessage({type: 'paylinks.card.height', height: 999}, '*')")
    await page.click("#send")
    await expect(page.locator("#live")).to_have_text("Check the card number")
    assert await page.input_value("#card_token") == ""
    assert site.posted == []


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("1.500", "Pay UGX\u00a01,500"),
        ("50000", "Pay UGX\u00a050,000"),
        ("50 000", "Pay UGX\u00a050,000"),
        ("1,234,567", "Pay UGX\u00a01,234,567"),
        ("5.5", "Pay"),
        ("abc", "Pay"),
        ("0", "Pay"),
    ],
)
async def test_the_button_says_the_amount_that_the_server_will_read(visit: Open, typed: str, label: str) -> None:
    page = await visit(checkout(replace(gallery.LIVE, price=ChosenPrice(("UGX",)))))
    await page.fill("#f-amount", typed)
    assert await page.locator("#sum").text_content() == label


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("1.500", "Pay KWD\u00a01.500"),
        ("1,500", "Pay"),
        ("1,500.25", "Pay KWD\u00a01,500.250"),
        ("12,5", "Pay KWD\u00a012.500"),
    ],
)
async def test_the_button_knows_currencies_of_three_decimals(visit: Open, typed: str, label: str) -> None:
    page = await visit(checkout(replace(gallery.LIVE, price=ChosenPrice(("KWD",)))))
    await page.fill("#f-amount", typed)
    assert await page.locator("#sum").text_content() == label


async def test_errors_take_the_focus(visit: Open) -> None:
    page = await visit(gallery.pages("en")["checkout-errors"])
    await expect(page.locator("#errors")).to_be_focused()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "polling"])
async def test_a_change_of_state_is_shown_announced_and_focused(visit: Open, site: Site, *, stream: bool) -> None:
    site.stream = stream
    waiting = replace(gallery.SESSION, stream_url=gallery.SESSION.stream_url if stream else None)
    page = await visit(session(waiting))
    await page.evaluate("window.same = true")
    assert await page.locator("[role=timer]").text_content() == "5:00 left to approve"
    receipt = {"state": "paid", "version": "2", "receipt": gallery.RECEIPT, "retry": None}
    site.pages["/x"] = session(replace(waiting, **receipt))
    site.versions.append("2")
    await expect(page.locator("h1", has_text="Payment received")).to_be_focused()
    assert await page.locator("#live").text_content() == "Payment received"
    assert (await page.title()).startswith("Payment received")
    assert "PL-7Q2M-9XKD" in await page.inner_text("main")
    assert await page.evaluate("window.same")


async def test_without_javascript_a_pending_page_comes_again_by_itself(visit: Open, site: Site) -> None:
    page = await visit(session(gallery.SESSION), javascript=False)
    site.pages["/x"] = session(replace(gallery.SESSION, state="paid", receipt=gallery.RECEIPT, retry=None))
    await page.wait_for_selector("text=Payment received", timeout=8_000)


async def test_the_skip_link_leads_past_the_summary_into_the_form(visit: Open) -> None:
    page = await visit(checkout(replace(gallery.LIVE, cancel_url="https://kisakye.example/cart")), viewport=DESKTOP)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#pay")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("#f-email")).to_be_focused()


async def test_the_chosen_way_to_pay_is_seen_in_the_colors_of_the_system_too(visit: Open) -> None:
    page = await visit(checkout(gallery.CHECKOUT), forced_colors="active")
    ways = "(n) => getComputedStyle(document.querySelectorAll('.way')[n]).backgroundColor"
    assert await page.evaluate(ways, 0) != await page.evaluate(ways, 1)
