"""The buyer's pages when something of the world around them does not go as planned."""

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from services.checkout.web.render import render_checkout, render_held, render_problem, render_session
from services.checkout.web.views import CheckoutView, ChosenPrice, ProblemView
from tests.support import page_gallery as gallery
from tests.support.browsing import Visitor
from tests.support.page_site import ORIGIN, Open, Site

pytestmark = pytest.mark.browser


def checkout(view: CheckoutView) -> bytes:
    return render_checkout(view, locale="en", nonce=gallery.NONCE)


async def test_the_back_button_brings_the_card_field_back(visit: Open, site: Site) -> None:
    page = await visit(checkout(gallery.CHECKOUT))
    await page.click("label[for=way-card]")
    await expect(page.frame_locator("iframe").locator("#number")).to_be_visible()
    site.pages["/y"] = b"<title>bank</title>"
    await page.goto(f"{ORIGIN}/y")
    await page.go_back()
    await expect(page.locator("#way-card")).to_be_checked()
    await expect(page.frame_locator("iframe").locator("#number")).to_be_visible()


async def test_the_back_button_brings_the_amount_on_the_button_and_the_operator_back(visit: Open, site: Site) -> None:
    page = await visit(checkout(replace(gallery.LIVE, price=ChosenPrice(("UGX",)))))
    await page.fill("#f-amount", "12500")
    await page.fill("#f-mobile_phone", "0772123456")
    site.pages["/y"] = b"<title>elsewhere</title>"
    await page.goto(f"{ORIGIN}/y")
    await page.go_back()
    await expect(page.locator("#sum")).to_have_text("Pay UGX\u00a012,500")
    await expect(page.locator("#op")).to_have_text("This is an MTN number.")


async def test_without_a_connection_nothing_is_sent_and_nothing_that_was_typed_is_lost(visit: Open, site: Site) -> None:
    page = await visit(checkout(gallery.CHECKOUT))
    await page.fill("#f-mobile_phone", "0772123456")
    await page.context.set_offline(True)
    await page.click("#send")
    await expect(page.locator("#unsent")).to_have_text(
        "You have no connection. Nothing was sent. Try again when it is back."
    )
    await page.context.set_offline(False)
    await page.click("#send")
    await expect(page).to_have_title("posted")
    assert [sent["mobile_phone"] for sent in site.posted] == [["0772123456"]]


async def test_a_payment_that_waits_says_so_when_the_connection_is_gone(visit: Open) -> None:
    quiet = replace(gallery.SESSION, stream_url=None, poll_url=None)
    page = await visit(render_session(quiet, locale="en", nonce=gallery.NONCE))
    note = page.locator("[data-offline]")
    await page.context.set_offline(True)
    await expect(note).to_be_visible()
    await page.context.set_offline(False)
    await expect(note).to_be_hidden()


async def test_a_payment_whose_cookie_is_gone_says_so(visit: Open, site: Site, buyer: Visitor) -> None:
    waiting = replace(gallery.SESSION, stream_url=None)
    page = await visit(render_session(waiting, locale="en", nonce=gallery.NONCE))
    buyer.expected = {403}
    forbidden = ProblemView(path="/x", kind="forbidden")
    site.pages["/x"], site.version_status = render_problem(forbidden, locale="en", nonce=gallery.NONCE), 403
    await expect(page.locator("h1")).to_have_text("This page is not open for you")


async def test_a_held_page_goes_on_by_itself_when_a_use_is_free(visit: Open, site: Site, buyer: Visitor) -> None:
    site.status, buyer.expected = 409, {409}
    held = render_held(replace(gallery.HELD, path="/x"), locale="en", nonce=gallery.NONCE)
    page = await visit(held.replace(b'data-again="60"', b'data-again="0.2"'))
    await page.wait_for_timeout(500)
    await expect(page.locator("h1")).to_have_text("Someone else is paying right now")
    site.pages["/x"], site.status = checkout(gallery.CHECKOUT), 200
    await expect(page.locator("h1")).to_have_text("Invoice #123")


async def test_a_logo_that_does_not_come_leaves_the_first_letter(visit: Open) -> None:
    merchant = replace(gallery.MERCHANT, logo_url="https://pay.test/logo.png")
    page = await visit(checkout(replace(gallery.LIVE, merchant=merchant, image_url="https://pay.test/cover.png")))
    await expect(page.locator(".mono")).to_have_text("K")
    await expect(page.locator("img")).to_have_count(0)
