"""The buyer's pages when something of the world around them does not go as planned."""

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from services.checkout.web.render import render_checkout, render_held
from services.checkout.web.views import CheckoutView, ChosenPrice
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
