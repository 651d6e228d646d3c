"""The whole payment in a real browser, in every way that a buyer can take."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.api import Api
from tests.e2e.buying import (
    ASKS_THE_BANK,
    PENDING,
    begin,
    by_card,
    by_phone,
    decide,
    on_the_card_page,
    see,
    see_receipt,
    type_card,
)
from tests.support.browsing import DESKTOP, PHONE, Visitor, picture

pytestmark = [pytest.mark.stack, pytest.mark.browser]
SIZES = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["360", "1280"])


@SIZES
async def test_mobile_money_is_paid(api: Api, buyer: Visitor, viewport: dict[str, int]) -> None:
    width = viewport["width"]
    link = await api.link(description="Six woven baskets, natural dye.", uses_max=5)
    page = await buyer.open(link["url"], viewport=viewport)
    await picture(page, f"checkout-{width}")
    await begin(page, f"phone-{width}@browser.example")
    await by_phone(page, PENDING)
    await see(page, "Approve on your phone")
    await picture(page, f"prompt-{width}")
    await decide(api, page, "succeed")
    number = await see_receipt(page)
    await picture(page, f"paid-phone-{width}")
    mail = await api.one_mail(f"phone-{width}@browser.example")
    assert number in mail["text"]
    assert (await api.settled(link))["uses"]["used"] == 1


@SIZES
async def test_a_card_is_paid_through_the_providers_own_field(
    api: Api, buyer: Visitor, viewport: dict[str, int]
) -> None:
    width = viewport["width"]
    link = await api.link()
    page = await buyer.open(link["url"], viewport=viewport)
    seen: list[str] = []
    page.on("request", lambda request: seen.append(f"{request.url} {request.post_data}"))
    await begin(page, f"card-{width}@browser.example")
    await type_card(page)
    await picture(page, f"card-{width}")
    await page.click("#send")
    await see_receipt(page)
    await expect(page.locator("main")).to_contain_text("Visa •••• 4242")
    await picture(page, f"paid-card-{width}")
    ours = [line for line in seen if line.startswith(link["url"].split("/checkout")[0])]
    assert not any("4242424242424242" in line for line in ours), "the number never comes to us"
    assert (await api.settled(link))["paid_count"] == 1


async def test_mobile_money_needs_no_javascript(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"], javascript=False)
    await picture(page, "checkout-plain-360")
    await begin(page, "plain@browser.example")
    await by_phone(page, PENDING)
    await see(page, "Approve on your phone")
    await picture(page, "prompt-plain-360")
    await decide(api, page, "succeed")
    await see_receipt(page)
    await picture(page, "paid-plain-360")
    await api.one_mail("plain@browser.example")


async def test_a_card_needs_no_javascript_on_the_providers_page(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"], javascript=False)
    await page.click("label[for=way-card]")
    await page.click("#send")
    await expect(page.locator("#number")).to_be_visible()
    assert not page.url.startswith(link["url"].split("/checkout")[0])
    await picture(page, "hosted-card-360")
    await on_the_card_page(page)
    await see_receipt(page)


async def test_a_card_that_asks_the_bank_goes_there_and_comes_back(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await by_card(page, ASKS_THE_BANK)
    await page.wait_for_url("**/3ds/**")
    await picture(page, "three-ds-360")
    await page.click("button[value=approve]")
    await see_receipt(page)
    assert (await api.settled(link))["paid_count"] == 1


async def test_the_keyboard_alone_is_enough(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"], viewport=DESKTOP)

    async def tab_to(selector: str) -> None:
        for _ in range(30):
            await page.keyboard.press("Tab")
            if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"{selector} cannot be reached")

    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await tab_to("#f-email")
    await page.keyboard.type("keys@browser.example")
    await tab_to("[name=method]")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("iframe")).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await tab_to("#f-mobile_phone")
    await page.keyboard.type("0772123456")
    await picture(page, "keyboard-1280")
    await page.keyboard.press("Enter")
    await see_receipt(page)
    assert await page.evaluate("document.activeElement.tagName") == "H1", "the news has the focus"


async def test_a_buyer_who_wants_french_pays_in_french(api: Api, buyer: Visitor) -> None:
    link = await api.link(description="Six paniers tressés.")
    page = await buyer.open(link["url"], locale="fr-FR", color_scheme="dark")
    assert await page.get_attribute("html", "lang") == "fr"
    await picture(page, "checkout-fr-dark-360")
    await page.fill("#f-email", "fr@browser.example")
    await by_phone(page, PENDING)
    await see(page, "Validez sur votre téléphone")
    await picture(page, "prompt-fr-dark-360")
    await decide(api, page, "succeed")
    await see(page, "Paiement reçu")
    await picture(page, "paid-fr-dark-360")
    assert (await api.one_mail("fr@browser.example"))["subject"].startswith("[Test] Reçu")


async def test_a_language_that_was_chosen_stays(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await page.click("nav a[hreflang=rw]")
    assert await page.get_attribute("html", "lang") == "rw"
    await page.goto(link["url"])
    assert await page.get_attribute("html", "lang") == "rw"


@pytest.mark.parametrize(
    ("pricing", "typed", "button"),
    [
        ({"type": "flexible", "currency": "UGX", "min_minor": 1_000}, "12 500", "Pay UGX\u00a012,500"),
        ({"type": "open", "currency": "USD"}, "10.50", "Pay $10.50"),
    ],
)
async def test_a_chosen_amount_is_paid_as_the_button_says(
    api: Api, buyer: Visitor, pricing: dict[str, Any], typed: str, button: str
) -> None:
    buyer.expected = {422}
    link = await api.link(title="Support our school", pricing=pricing)
    page = await buyer.open(link["url"])
    await page.fill("#f-amount", "0")
    await page.fill("#f-mobile_phone", "+256772123456")
    await page.click("#send")
    await expect(page.locator("#errors")).to_be_focused()
    await picture(page, f"amount-error-{pricing['currency']}-360")
    await page.fill("#f-amount", typed)
    await expect(page.locator("#sum")).to_have_text(button)
    await page.click("#send")
    await see_receipt(page, button.removeprefix("Pay "))


async def test_every_detail_that_is_asked_for_reaches_the_merchant(api: Api, buyer: Visitor) -> None:
    collect = {"email": "required", "name": "required", "phone": "optional", "address": "required"}
    link = await api.link(collect=collect, success_url="https://shop.example/thanks", cancel_url="https://shop.example")
    page = await buyer.open(link["url"], viewport=DESKTOP)
    await begin(page, "all@browser.example")
    for field, value in {"line1": "Plot 7, Kampala Road", "city": "Kampala", "country": "Uganda"}.items():
        await page.fill(f"#f-address_{field}", value)
    await picture(page, "details-1280")
    await by_phone(page)
    await see_receipt(page)
    await expect(page.locator("a[href='https://shop.example/thanks']")).to_be_visible()
    (charge,) = await api.charges(link)
    assert charge["customer"]["name"] == "Amina Nakato"
    (row,) = await api.rows("checkout", "SELECT address::text FROM session WHERE link_id = $1", link["id"])
    assert "Plot 7, Kampala Road" in row["address"]
