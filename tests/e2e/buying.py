"""What a buyer does on the pages."""

import re
from typing import Literal

from playwright.async_api import Page, expect

from tests.e2e.api import Api

CARD, DECLINED, ASKS_THE_BANK = "4242424242424242", "4000000000000002", "4000000000003220"
ORDINARY, REJECTED, LATE, PENDING = "0772123456", "0772000002", "0772000005", "0772000004"
PATIENCE_MS = 12_000


async def begin(page: Page, email: str | None = None) -> None:
    if email:
        await page.fill("#f-email", email)
        await page.fill("#f-name", "Amina Nakato")


async def by_phone(page: Page, number: str = ORDINARY) -> None:
    await page.fill("#f-mobile_phone", number)
    await page.click("#send")


async def type_card(page: Page, number: str = CARD) -> None:
    """Into the provider's frame."""
    await page.click("label[for=way-card]")
    frame = page.frame_locator("iframe")
    await frame.locator("#number").fill(number)
    await frame.locator("#expiry").fill("12/34")
    await frame.locator("#cvc").fill("123")


async def by_card(page: Page, number: str = CARD) -> None:
    await type_card(page, number)
    await page.click("#send")


async def on_the_card_page(page: Page, number: str = CARD) -> None:
    """The provider's hosted page: plain forms."""
    await page.fill("#number", number)
    await page.fill("#expiry", "12/34")
    await page.fill("#cvc", "123")
    await page.click("button.button")


async def see(page: Page, heading: str | re.Pattern[str]) -> None:
    await expect(page.locator("h1")).to_have_text(heading, timeout=PATIENCE_MS)


async def see_receipt(page: Page, total: str = "UGX\u00a050,000") -> str:
    """The number on the receipt."""
    await see(page, "Payment received")
    await expect(page.locator(".sum")).to_have_text(total)
    assert re.search(r"/checkout/sessions/[0-9a-f-]{36}(\?sent=1)?$", page.url), "no token in the address"
    return await page.inner_text(".ref")


def session_of(page: Page) -> str:
    found = re.search(r"/checkout/sessions/([0-9a-f-]{36})", page.url)
    assert found, page.url
    return found[1]


async def decide(api: Api, page: Page, outcome: Literal["succeed", "fail"], **body: str) -> None:
    """The payer's answer, given for them at the provider."""
    query = "SELECT reference FROM charge WHERE session_id = $1 ORDER BY id DESC LIMIT 1"
    (row,) = await api.rows("checkout", query, session_of(page))
    (payment,) = (await api.sandbox("GET", "/control/payments", reference=row["reference"]))["data"]
    await api.sandbox("POST", f"/control/payments/{payment['id']}/{outcome}", body or None)
