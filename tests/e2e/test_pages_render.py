"""The buyer's pages in a real browser, under their real policy, without any service behind them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from services.checkout.web.render import render_checkout, render_session
from services.checkout.web.views import CheckoutView, ChosenPrice, SessionView
from shared.web.security import SECURITY_HEADERS, content_security_policy
from tests.support import page_gallery as gallery
from tests.support.browsing import DESKTOP, PHONE, Visitor, launch

pytestmark = pytest.mark.browser

ORIGIN = "https://pay.test"
NARROW = {"width": 320, "height": 640}
CARD_FIELD = """<!doctype html><title>Card</title><body><input id="number" aria-label="Card number"><script>
const say = (m) => parent.postMessage(m, "https://pay.test");
addEventListener("message", (e) => {
  if (e.origin !== "https://pay.test" || e.data.type !== "paylinks.card.submit") return;
  const n = document.getElementById("number").value;
  if (n === "4242") say({ type: "paylinks.card.token", token: "tok_visa", brand: "visa", last4: "4242" });
  else say({ type: "paylinks.card.invalid", field: "number", message: "Check the card number" });
});
say({ type: "paylinks.card.ready" });
say({ type: "paylinks.card.height", height: 180 });
</script>"""
OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
TARGETS = "a,button,select,input:not([type=hidden]),summary,label.way"
SMALL_TARGETS = f"""[...document.querySelectorAll("{TARGETS}")].filter((e) => {{
  const box = (e.closest("label.tick") || e).getBoundingClientRect();
  const inText = e.matches("p a, li a");
  return box.width > 1 && !inText && box.height < 43.5 && getComputedStyle(e).visibility !== "hidden";
}}).map((e) => e.outerHTML.slice(0, 120))"""


class Site:
    """Answers what the services would: pages by path, the card field, and it remembers what was posted."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.versions: list[str] = ["1"]
        self.posted: list[dict[str, list[str]]] = []
        self.stream = True

    async def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(ORIGIN).partition("?")[0]
        if request.url.startswith(gallery.PROVIDER):
            await route.fulfill(body=CARD_FIELD, content_type="text/html")
        elif request.method == "POST":
            self.posted.append(parse_qs(request.post_data or "", keep_blank_values=True))
            await route.fulfill(body="<title>posted</title>", content_type="text/html")
        elif path.endswith("/state"):
            await route.fulfill(json={"version": self.versions[-1]})
        elif path.endswith("/stream"):
            said = f"retry: 100\ndata: {json.dumps({'version': self.versions[-1]})}\n\n"
            await route.fulfill(status=200 if self.stream else 204, body=said, content_type="text/event-stream")
        else:
            policy = content_security_policy(gallery.NONCE, frame_origins=[gallery.PROVIDER])
            headers = {**SECURITY_HEADERS, "Content-Security-Policy": policy}
            await route.fulfill(body=self.pages[path], content_type="text/html; charset=utf-8", headers=headers)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await launch(playwright)
        yield chromium
        await chromium.close()


@pytest.fixture
def site() -> Site:
    return Site()


Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def visit(browser: Browser, site: Site) -> AsyncIterator[Open]:
    """Opens one page; at the end nothing may have gone wrong in it."""
    visitor = Visitor(browser)

    async def open_page(content: bytes, **options: object) -> Page:
        site.pages["/x"] = content
        page = await visitor.open(**options)
        await page.context.route("**/*", site.answer)
        await page.goto(f"{ORIGIN}/x")
        return page

    yield open_page
    await visitor.leave()
    assert visitor.problems == []


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
