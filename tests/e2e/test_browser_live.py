"""What makes the pages pleasant: news without a reload, one charge whatever is clicked, and few bytes."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.api import Api
from tests.e2e.buying import PENDING, begin, by_phone, decide, see, see_receipt, session_of, type_card
from tests.support.browsing import DESKTOP, Visitor, picture

pytestmark = [pytest.mark.stack, pytest.mark.browser]
PAGE_BYTES_MAX = 50_000


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "polling"])
async def test_news_come_without_a_reload(api: Api, buyer: Visitor, *, stream: bool) -> None:
    link = await api.link()
    page = await buyer.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    if not stream:

        async def gone(route: Route) -> None:
            await route.fulfill(status=204)

        await page.route("**/events", gone)
    await page.goto(link["url"])
    await by_phone(page, PENDING)
    await see(page, "Approve on your phone")
    await page.evaluate("window.same = true")
    await asyncio.sleep(2)
    assert ("version" in asked) is not stream, "it asks only where it is not told"
    await decide(api, page, "succeed")
    await see_receipt(page)
    assert await page.evaluate("window.same")
    assert await page.locator("#live").text_content() == "Payment received"
    assert await page.evaluate("document.activeElement.tagName") == "H1"


async def test_a_double_click_on_pay_makes_one_charge(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await page.fill("#f-mobile_phone", "0772123456")
    await page.dblclick("#send")
    await see_receipt(page)
    await only_one_charge(api, page, link["id"])


async def test_a_form_that_the_browser_sends_twice_makes_one_charge(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await page.fill("#f-mobile_phone", "0772123456")
    await page.evaluate(
        """async () => {
            const send = () => fetch(location.href, {method: "POST", body: new URLSearchParams(new FormData(pay))});
            const answers = await Promise.all([send(), send(), send()]);
            location.href = answers[0].url;
        }"""
    )
    await see_receipt(page)
    await only_one_charge(api, page, link["id"])


async def only_one_charge(api: Api, page: Page, link_id: str) -> None:
    rows = await api.rows("checkout", "SELECT session_id, status FROM charge WHERE link_id = $1", link_id)
    assert [(str(row["session_id"]), row["status"]) for row in rows] == [(session_of(page), "succeeded")]


async def test_two_tabs_of_one_session_join_and_both_hear_the_news(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    session = await api.session(link)
    one = await buyer.open(session["url"])
    two = await buyer.tab(one.context)
    await two.goto(session["url"])
    for page in (one, two):
        await page.fill("#f-mobile_phone", "0772000004")
    await one.click("#send")
    await see(one, "Approve on your phone")
    await two.click("#send")
    await see(two, "Approve on your phone")
    await decide(api, one, "succeed")
    await asyncio.gather(see_receipt(one), see_receipt(two))
    assert len(await api.charges(link)) == 1


async def test_the_address_of_a_session_loses_its_token_and_opens_the_choice_of_ways(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    session = await api.session(link, customer={"email": "token@browser.example", "phone": "+256772123456"})
    page = await buyer.open(session["url"])
    assert page.url == session["url"].partition("?")[0]
    assert await page.input_value("#f-mobile_phone") == "+256772123456"
    assert session["token"] not in await page.content()
    assert await page.locator("#f-email").count() == 0, "who pays is settled already"
    await picture(page, "session-choose-360")
    await page.click("#send")
    await see_receipt(page)
    await api.one_mail("token@browser.example")


async def test_the_receipt_opens_again_from_the_mail(api: Api, buyer: Visitor) -> None:
    paid = await api.paid(await api.link(), "mailed@browser.example")
    mail = await api.one_mail("mailed@browser.example")
    page = await buyer.open()
    await page.set_content(mail["html"])
    await picture(page, "mail-360")
    await page.goto(paid["receipt"]["url"])
    assert await see_receipt(page) == paid["receipt"]["number"]


async def test_every_first_load_weighs_less_than_50_kb(api: Api, buyer: Visitor) -> None:
    link = await api.link(description="Six woven baskets, natural dye. " * 30)
    page = await buyer.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(link["url"], wait_until="networkidle")
    assert (asked, 0 < buyer.bytes_received < PAGE_BYTES_MAX) == ([link["url"]], True), buyer.bytes_received
    assert len(await page.content()) < PAGE_BYTES_MAX, "unpacked, too"
    await by_phone(page, PENDING)
    await see(page, "Approve on your phone")
    fresh = await buyer.tab(page.context)
    await fresh.goto(page.url)
    await asyncio.sleep(0.5)
    assert 0 < buyer.bytes_received < PAGE_BYTES_MAX, buyer.bytes_received
    assert len(await fresh.content()) < PAGE_BYTES_MAX


async def test_the_card_field_fits_its_frame_in_light_and_dark(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"], color_scheme="dark")
    await begin(page)
    await type_card(page)
    frame = page.frame_locator("iframe")
    await frame.locator("#number").click()
    await expect(frame.locator("#brand")).to_have_text("Visa")
    needed = await frame.locator("body").evaluate("document.documentElement.scrollHeight")
    box = await page.locator("iframe").bounding_box()
    assert box
    assert needed <= box["height"] <= needed + 2
    clipped = await frame.locator("#number").evaluate("e => e.scrollWidth > e.clientWidth")
    assert not clipped, "the whole number is seen"
    await picture(page, "card-dark-360")


async def test_the_pages_are_pictured_dark_and_wide_in_french(api: Api, buyer: Visitor) -> None:
    link = await api.link(title="Facture 77", description="Six paniers tressés.")
    page = await buyer.open(link["url"], viewport=DESKTOP, color_scheme="dark", locale="fr-FR")
    await type_card(page)
    await picture(page, "card-fr-dark-1280")
    await page.click("#send")
    await see(page, "Paiement reçu")
    await picture(page, "paid-fr-dark-1280")
