"""Signing in to the dashboard in a real browser: with the keyboard, without JavaScript, on a phone and on a desk."""

import httpx
import pytest
from playwright.async_api import Page, expect

from shared.kernel.ids import new_id
from tests.support.browsing import DESKTOP, PHONE, Visitor, picture
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]
SIZES = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["360", "1280"])


async def no_sideways_scrolling(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@SIZES
async def test_an_owner_signs_in_and_out_with_the_keyboard_and_no_javascript(
    stack: Stack, visitor: Visitor, viewport: dict[str, int]
) -> None:
    dashboard, width = stack.local["dashboard"], viewport["width"]
    page = await visitor.open(dashboard["url"], viewport=viewport, javascript=False)
    await expect(page).to_have_title("Sign in · Paylinks")
    await picture(page, f"dashboard-sign-in-{width}")
    await expect(page.get_by_label("Email")).to_be_focused()
    await page.keyboard.type(dashboard["email"])
    await page.keyboard.press("Tab")
    await page.keyboard.type(dashboard["password"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_contain_text("Amina Okello is signed in for Kampala Coffee.")
    assert page.url == dashboard["url"]
    await picture(page, f"dashboard-home-{width}")
    (session,) = [cookie for cookie in await page.context.cookies() if cookie.get("name") == "session"]
    assert (session.get("httpOnly"), session.get("sameSite"), session.get("path")) == (True, "Lax", "/")
    await page.get_by_role("button", name="Sign out").press("Enter")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto(dashboard["url"])
    assert page.url.endswith("/dashboard/login")
    assert visitor.problems == []


@SIZES
async def test_a_wrong_password_is_explained(stack: Stack, visitor: Visitor, viewport: dict[str, int]) -> None:
    visitor.expected = {401}
    dashboard = stack.local["dashboard"]
    page = await visitor.open(f"{dashboard['url']}/login?lang=fr", viewport=viewport)
    await page.fill("#email", dashboard["email"])
    await page.fill("#password", "wrong")
    await page.click("button")
    await expect(page.get_by_role("alert")).to_contain_text("mot de passe est incorrect")
    await expect(page.locator("#email")).to_have_value(dashboard["email"])
    await expect(page.locator("#password")).to_be_focused()
    await no_sideways_scrolling(page)
    await picture(page, f"dashboard-wrong-fr-{viewport['width']}")
    assert visitor.problems == []


@SIZES
async def test_somebody_who_is_invited_joins_with_the_keyboard_and_no_javascript(
    stack: Stack, visitor: Visitor, viewport: dict[str, int]
) -> None:
    visitor.expected = {400, 410}
    width = viewport["width"]
    body = {"email": f"okello-{new_id().hex}@example.com", "name": "O. Okello", "role": "staff"}
    async with httpx.AsyncClient(base_url=stack.gateway, headers=stack.local["credentials"]["native"]) as client:
        made = (await client.post("/v1/members", json=body)).json()
    page = await visitor.open(made["invitation_url"], viewport=viewport, javascript=False)
    await expect(page).to_have_title("Join Kampala Coffee · Paylinks")
    assert page.url == f"{stack.local['dashboard']['url']}/invitation"
    await no_sideways_scrolling(page)
    await picture(page, f"dashboard-invitation-{width}")
    await page.fill("#name", "Okello James")
    await page.fill("#password", body["email"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("must not be your email")
    await picture(page, f"dashboard-invitation-refused-{width}")
    await page.get_by_label("New password").fill("three quiet rivers")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_contain_text("Okello James is signed in for Kampala Coffee.")
    await page.goto(made["invitation_url"])
    await expect(page.get_by_role("heading", name="This invitation was used already")).to_be_visible()
    await picture(page, f"dashboard-invitation-used-{width}")
    await page.get_by_role("link", name="Sign in").click()
    await expect(page.get_by_role("main")).to_contain_text("Okello James is signed in")


async def test_the_credentials_of_local_json_are_signed_in(stack: Stack) -> None:
    local = stack.local
    token = local["credentials"]["catalog"]["Authorization"].removeprefix("Token ")
    async with httpx.AsyncClient(base_url=stack.gateway) as client:
        me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert (me.status_code, me.json()["member"]["email"]) == (200, local["dashboard"]["email"])
        home = await client.get("/dashboard", headers=local["credentials"]["digital"])
        assert (home.status_code, "Kampala Coffee" in home.text) == (200, True)
