"""The buyer's pages and the card field, in a real browser. `PAYLINKS_SCREENSHOTS=<folder>` keeps pictures."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import FrameLocator, Page

from tests.support.browsing import DESKTOP, PHONE, Visitor
from tests.unit.sandbox.fixtures import merchant, receiver, sandbox  # noqa: F401 - fixtures
from tests.unit.sandbox.rig import Merchant

pytestmark = pytest.mark.browser

PARENT = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Shop</title>
<link rel="icon" href="data:,"><style>body{margin:0}iframe{width:100%%;border:0;height:10px;display:block}</style>
<iframe title="Card" src="%s"></iframe><script>
window.heard = [];
const frame = document.querySelector("iframe");
addEventListener("message", (event) => {
  heard.push({ origin: event.origin, ...event.data });
  if (event.data.type === "paylinks.card.height") frame.style.height = event.data.height + "px";
});
</script>"""


class Shop:
    """A merchant's page on an origin of its own, with the card field in it."""

    def __init__(self) -> None:
        self.page = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = self.page.encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def shop() -> AsyncGenerator[Shop, None]:
    running = Shop()
    await running.start()
    yield running
    await running.stop()


async def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PAYLINKS_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def fits(page: Page) -> bool:
    return await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def field_in(shop: Shop, merchant: Merchant, visitor: Visitor, locale: str = "en") -> tuple[Page, FrameLocator]:
    key, parent = merchant.account["publishable_key"], quote(shop.origin)
    url = f"{merchant.sandbox.url}/fields/card?publishable_key={key}&parent={parent}&locale={locale}"
    shop.page = PARENT % url.replace("&", "&amp;")
    page = await visitor.open(shop.origin)
    await heard(page, "paylinks.card.ready")
    return page, page.frame_locator("iframe")


async def heard(page: Page, kind: str, count: int = 1) -> dict[str, Any]:
    script = "([kind, count]) => heard.filter((message) => message.type === kind).length >= count"
    await page.wait_for_function(script, arg=[kind, count], timeout=5_000)
    return await page.evaluate("(kind) => heard.filter((message) => message.type === kind).at(-1)", kind)


async def submit(page: Page) -> None:
    message = '{ type: "paylinks.card.submit" }'
    await page.evaluate(f'document.querySelector("iframe").contentWindow.postMessage({message}, "*")')


async def test_the_card_field_gives_its_parent_a_token_that_pays(
    merchant: Merchant, shop: Shop, visitor: Visitor
) -> None:
    page, frame = await field_in(shop, merchant, visitor)
    await picture(page, "field-empty-360")
    await frame.get_by_label("Card number").press_sequentially("4242424242424242")
    assert await frame.get_by_label("Card number").input_value() == "4242 4242 4242 4242"
    assert await frame.locator("#brand").inner_text() == "Visa"
    await page.keyboard.press("Tab")
    await page.keyboard.type("1230")
    await page.keyboard.press("Tab")
    await page.keyboard.type("123")
    assert await frame.get_by_label("Expiry date").input_value() == "12 / 30"
    await picture(page, "field-filled-360")
    await submit(page)
    token = await heard(page, "paylinks.card.token")
    assert (token["brand"], token["last4"], token["origin"]) == ("visa", "4242", merchant.sandbox.url)
    assert (await merchant.pay(card_token=token["token"]))["status"] == "succeeded"
    assert "4242424242424242" not in str(await page.evaluate("heard"))
    assert visitor.problems == []


async def test_the_card_field_says_what_is_wrong_and_grows_with_it(
    merchant: Merchant, shop: Shop, visitor: Visitor
) -> None:
    page, frame = await field_in(shop, merchant, visitor)
    before = (await heard(page, "paylinks.card.height"))["height"]
    await submit(page)
    wrong = await heard(page, "paylinks.card.invalid")
    assert (wrong["field"], wrong["message"]) == ("number", "Enter your card number.")
    grown = await heard(page, "paylinks.card.height", 2)
    assert grown["height"] > before
    assert await frame.locator("#number").get_attribute("aria-invalid") == "true"
    assert await frame.locator("#number-error").get_attribute("aria-live") == "polite"
    assert await page.evaluate("document.activeElement.tagName") == "IFRAME"
    await picture(page, "field-errors-360")
    await frame.locator("#number").press_sequentially("6500020000000000")
    assert await frame.locator("#brand").inner_text() == "Verve"
    await frame.locator("#expiry").press_sequentially("130")
    assert await frame.locator("#expiry").input_value() == "13 / 0"
    await frame.locator("#expiry").fill("7/20")
    await frame.locator("#cvc").press_sequentially("12")
    await submit(page)
    assert (await heard(page, "paylinks.card.invalid", 2))["field"] == "expiry"
    await frame.locator("#expiry").fill("07/2031")
    assert await frame.locator("#expiry").input_value() == "07 / 31"
    await frame.locator("#cvc").fill("123")
    visitor.problems.clear()
    await submit(page)
    refused = await heard(page, "paylinks.card.invalid", 3)
    assert "test card" in refused["message"]
    assert all("400" in problem for problem in visitor.problems), "the refused token and nothing else"


async def test_the_card_field_speaks_french_and_inserts_digits_where_the_caret_is(
    merchant: Merchant, shop: Shop, visitor: Visitor
) -> None:
    page, frame = await field_in(shop, merchant, visitor, locale="fr")
    number = frame.get_by_label("Numéro de carte")
    await number.press_sequentially("42424242424242")
    await number.press("Home")
    for _ in range(2):
        await number.press("ArrowRight")
    await page.keyboard.type("99")
    assert await number.input_value() == "4299 4242 4242 4242"
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Backspace")
    assert await number.input_value() == "4242 4242 4242 42"
    await number.fill("378282246310005")
    assert await number.input_value() == "3782 822463 10005"
    assert await frame.locator("#cvc").get_attribute("placeholder") == "4 chiffres"
    await submit(page)
    await heard(page, "paylinks.card.invalid")
    await picture(page, "field-fr-360")
    assert visitor.problems == []


async def test_a_page_on_another_origin_cannot_frame_the_field(
    merchant: Merchant, shop: Shop, visitor: Visitor
) -> None:
    key = merchant.account["publishable_key"]
    shop.page = PARENT % f"{merchant.sandbox.url}/fields/card?publishable_key={key}&amp;parent=http://elsewhere.example"
    page = await visitor.open(shop.origin)
    await page.wait_for_timeout(500)
    assert await page.evaluate("heard") == []
    assert any("frame-ancestors" in problem for problem in visitor.problems)
    for query in ("publishable_key=x&parent=http://a.example", f"publishable_key={key}&parent=http://a;script-src *"):
        assert (await merchant.sandbox.http.get(f"/fields/card?{query}")).status_code == 400


@pytest.mark.parametrize("locale", ["en", "fr"])
async def test_the_hosted_pages_take_a_card_and_3d_secure_without_javascript(
    merchant: Merchant, shop: Shop, visitor: Visitor, locale: str
) -> None:
    shop.page = "<title>Back</title><link rel=icon href=data:,><p>Welcome back</p>"
    fields = {"method": "card", "phone": None, "return_url": f"{shop.origin}/done", "description": "Basket, size L"}
    payment = await merchant.pay(**fields)
    assert payment["status"] == "requires_action"
    url = f"{payment['next_action']['url']}?locale={locale}"
    for name, viewport in (("360", PHONE), ("1280", DESKTOP)):
        page = await visitor.open(url, viewport=viewport, javascript=False)
        assert await fits(page)
        await picture(page, f"pay-{locale}-{name}")
    page = await visitor.open(url, javascript=False)
    await page.fill("#number", "4242 4242 4242 4241")
    await page.fill("#expiry", "12 / 20")
    await page.click("button")
    assert await page.locator("[role=alert] a").count() == 3
    assert await page.input_value("#number") == ""
    await picture(page, f"pay-errors-{locale}-360")
    visitor.problems.clear()
    await page.fill("#number", "4000 0000 0000 3220")
    await page.fill("#expiry", "12/30")
    await page.fill("#cvc", "123")
    await page.click("button")
    assert "/3ds/" in page.url
    shown = await merchant.show(payment)
    assert (shown["status"], shown["card"]["last4"]) == ("requires_action", "3220")
    assert shown["next_action"]["url"].endswith(f"/3ds/{payment['id']}")
    await picture(page, f"3ds-{locale}-360")
    wide = await visitor.open(page.url, viewport=DESKTOP, javascript=False)
    await picture(wide, f"3ds-{locale}-1280")
    await page.click(f"button[value={'approve' if locale == 'en' else 'decline'}]")
    assert page.url == f"{shop.origin}/done"
    settled = await merchant.show(payment)
    assert settled["failure_code"] == (None if locale == "en" else "authentication_failed")
    (event,) = await merchant.receiver.until(payment, 1)
    assert event["data"] == settled
    done = await visitor.open(url, javascript=False)
    await picture(done, f"done-{locale}-360")
    assert visitor.problems == []


@pytest.mark.parametrize(("decision", "status"), [("approve", "succeeded"), ("decline", "failed")])
async def test_the_3ds_token_waits_for_the_buyers_decision_once(merchant: Merchant, decision: str, status: str) -> None:
    payment = await merchant.pay(card_token="tok_3ds", return_url="http://127.0.0.1:9/back")
    page = f"/3ds/{payment['id']}"
    assert payment["next_action"] == {"type": "redirect", "url": merchant.sandbox.url + page}
    nothing = await merchant.sandbox.http.post(page, data={"decision": "maybe"})
    assert nothing.headers["location"].endswith(page)
    for choice in (decision, "approve", "decline"):
        answer = await merchant.sandbox.http.post(page, data={"decision": choice})
        assert (answer.status_code, answer.headers["location"]) == (303, "http://127.0.0.1:9/back")
        assert (await merchant.show(payment))["status"] == status
    assert await merchant.captured(payment) == (status == "succeeded")
