"""The button and the redirect that the `digital` document shows, on a merchant's own site."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Page, expect

from shared.kernel.ids import new_id
from tests.support.browsing import PHONE, Visitor, picture
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]
BUTTON = """<a
  href="{url}"
  target="_blank"
  rel="noopener"
  class="rohopay-btn"
>
  Buy Now — UGX 50,000
</a>"""
REDIRECT = """<script>
function checkout(slug) {{
  window.location.href = `{gateway}/checkout/${{slug}}`;
}}
</script>
<button onclick="checkout('{slug}')">To the checkout</button>"""


@asynccontextmanager
async def site(body: str) -> AsyncGenerator[str]:
    """A page at an origin of its own."""
    page = f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>A shop</title>{body}".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def digital_link(stack: Stack) -> str:
    """The slug of a link that was made as the document says."""
    slug = f"my-python-course-{new_id().hex[-8:]}"
    async with httpx.AsyncClient(base_url=stack.gateway, headers=stack.local["credentials"]["digital"]) as client:
        product = next(one for one in stack.local["products"] if one["currency"] == "UGX")
        body = {"product_id": product["digital_id"], "slug": slug, "title": "Advanced Python Course"}
        answer = await client.post("/digital/api/v2/digital/links", json=body)
        assert answer.status_code == 201, answer.text
    return slug


async def sees_the_checkout(page: Page, slug: str) -> None:
    await expect(page.locator("h1")).to_contain_text("Advanced Python Course")
    assert page.url.endswith(f"/checkout/{slug}")


async def test_the_button_opens_the_checkout_beside_the_shop(stack: Stack, buyer: Visitor) -> None:
    slug = await digital_link(stack)
    async with site(BUTTON.format(url=f"{stack.gateway}/checkout/{slug}")) as url:
        page = await buyer.open(url, viewport=PHONE)
        async with page.expect_popup() as opening:
            await page.click(".rohopay-btn")
        opened = await opening.value
        await sees_the_checkout(opened, slug)
        await picture(opened, "embedded-button-360")


async def test_the_redirect_goes_to_the_checkout(stack: Stack, buyer: Visitor) -> None:
    slug = await digital_link(stack)
    async with site(REDIRECT.format(gateway=stack.gateway, slug=slug)) as url:
        page = await buyer.open(url, viewport=PHONE)
        await page.click("button")
        await sees_the_checkout(page, slug)
