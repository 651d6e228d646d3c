"""The snippets of docs/dialects/digital.md lead buyers from another site to the page of a link."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.api import Api
from tests.support.browsing import Visitor

pytestmark = pytest.mark.stack
PAGE = Path(__file__).parents[2] / "docs" / "dialects" / "digital.md"
SHOP = "http://shop.example.com/"


async def shop_with(api: Api, buyer: Visitor, language: str, more: str = "{}") -> tuple[Page, str]:
    """A page of another site with the snippet in `language` on it, and the slug that it leads to."""
    (snippet,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    slug = (await api.link(title="Advanced Python Course"))["slug"]
    snippet = snippet.replace("https://pay.example.com", api.stack.gateway).replace("my-python-course", slug)
    html = f"<!doctype html><title>Shop</title>{more.format(snippet)}"
    page = await buyer.open()
    await page.route(f"{SHOP}**", lambda route: route.fulfill(body=html, content_type="text/html"))
    await page.goto(SHOP)
    return page, slug


async def test_the_button_opens_the_page_in_a_tab_of_its_own(api: Api, buyer: Visitor) -> None:
    page, slug = await shop_with(api, buyer, "html", "{}")
    async with page.context.expect_page() as opened:
        await page.click("text=Buy Now")
    tab = await opened.value
    await expect(tab.locator("h1")).to_have_text("Advanced Python Course")
    assert tab.url == f"{api.stack.gateway}/checkout/{slug}"
    assert await tab.evaluate("window.opener") is None, "the page cannot reach the shop"
    assert page.url == SHOP


async def test_the_redirect_goes_to_the_page(api: Api, buyer: Visitor) -> None:
    page, slug = await shop_with(api, buyer, "js", "<script>{}</script>")
    await page.evaluate("slug => checkout(slug)", slug)
    await page.wait_for_url(f"{api.stack.gateway}/checkout/{slug}")
    await expect(page.locator("h1")).to_have_text("Advanced Python Course")


async def test_a_frame_of_another_site_does_not_show_the_page(api: Api, buyer: Visitor) -> None:
    slug = (await api.link())["slug"]
    policy = (await api.send.get(f"/checkout/{slug}")).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert buyer.problems == []
