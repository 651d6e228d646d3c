"""What a buyer sees when it does not go well, and how they still get there."""

import pytest
from playwright.async_api import expect

from tests.e2e.api import Api
from tests.e2e.buying import (
    ASKS_THE_BANK,
    DECLINED,
    LATE,
    PENDING,
    REJECTED,
    begin,
    by_card,
    by_phone,
    decide,
    see,
    see_receipt,
    session_of,
)
from tests.support.browsing import DESKTOP, PHONE, Visitor, picture

pytestmark = [pytest.mark.stack, pytest.mark.browser]


async def test_a_declined_card_is_explained_and_another_way_is_taken(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await begin(page, "declined@browser.example")
    await by_card(page, DECLINED)
    await see(page, "The payment was declined")
    await picture(page, "failed-card-360")
    session = session_of(page)
    await page.click("text=Pay another way")
    await expect(page.locator("#f-mobile_phone")).to_be_visible()
    await picture(page, "choose-again-360")
    await by_phone(page)
    await see_receipt(page)
    assert session_of(page) == session, "it is the same session"
    stats = await api.settled(link)
    assert (stats["paid_count"], stats["uses"]["used"], stats["uses"]["held"]) == (1, 1, 0)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["360", "1280"])
async def test_a_request_that_was_refused_on_the_phone_is_sent_again(
    api: Api, buyer: Visitor, viewport: dict[str, int]
) -> None:
    link = await api.link()
    page = await buyer.open(link["url"], viewport=viewport)
    await by_phone(page, REJECTED)
    await see(page, "The payment was refused on the phone")
    assert await page.input_value("#f-mobile_phone") == "+256772000002"
    await picture(page, f"failed-phone-{viewport['width']}")
    await page.fill("#f-mobile_phone", "0772123456")
    await page.click("form .btn.main")
    await see_receipt(page)
    assert [charge["status"] for charge in await api.charges(link)] in (["succeeded", "failed"], ["failed"])
    assert (await api.settled(link))["paid_count"] == 1


async def test_a_success_that_comes_late_is_shown_without_a_reload(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await by_phone(page, LATE)
    await see(page, "Not approved in time")
    await page.evaluate("window.same = true")
    await see_receipt(page)
    assert await page.evaluate("window.same")
    assert (await api.settled(link))["paid_count"] == 1


async def test_a_bank_that_says_no_leads_back_to_another_try(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await by_card(page, ASKS_THE_BANK)
    await page.wait_for_url("**/3ds/**")
    await page.click("button[value=decline]")
    await see(page, "Your bank could not confirm it was you")
    await page.click("text=Pay another way")
    await by_phone(page)
    await see_receipt(page)


async def test_a_card_that_is_wrong_is_told_in_the_providers_field_and_nothing_is_sent(
    api: Api, buyer: Visitor
) -> None:
    link = await api.link()
    page = await buyer.open(link["url"])
    await by_card(page, "4242424242424241")
    await expect(page.frame_locator("iframe").locator("#number-error")).not_to_be_empty()
    await expect(page.locator("#live")).to_have_text("Check the card number. It does not look right.")
    await picture(page, "card-wrong-360")
    assert page.url == link["url"]
    assert await api.rows("checkout", "SELECT id FROM session WHERE link_id = $1", link["id"]) == []


async def test_without_javascript_a_failure_is_shown_and_tried_again_too(api: Api, buyer: Visitor) -> None:
    link = await api.link()
    page = await buyer.open(link["url"], javascript=False)
    await by_phone(page, REJECTED)
    await see(page, "The payment was refused on the phone")
    await page.fill("#f-mobile_phone", "0772123456")
    await page.click("form .btn.main")
    await see_receipt(page)


@pytest.mark.parametrize("reason", ["paused", "archived", "exhausted"])
async def test_a_link_that_refuses_has_a_page_that_says_why(api: Api, buyer: Visitor, reason: str) -> None:
    buyer.expected = {410}
    link = await api.link(title="Last year's fair", uses_max=1)
    if reason == "exhausted":
        await api.paid(link)
        await api.settled(link)
    else:
        verb = {"paused": "pause", "archived": "archive"}[reason]
        await api.merchant("POST", f"/v1/payment-links/{link['id']}/{verb}")
    locale, scheme = ("fr-FR", "dark") if reason == "paused" else ("en-US", "light")
    page = await buyer.open(locale=locale, color_scheme=scheme)
    answer = await page.goto(link["url"])
    assert answer
    assert answer.status == 410
    heading = {"paused": "Ce lien est en pause", "archived": "This link is closed", "exhausted": "Everything is taken"}
    await see(page, heading[reason])
    await expect(page.locator("main")).to_contain_text("hello@kampala-coffee.test")
    await picture(page, f"refusal-{reason}-360")


async def test_while_another_buyer_pays_the_page_waits_and_then_lets_in(api: Api, buyer: Visitor) -> None:
    buyer.expected = {409}
    link = await api.link(uses_max=1)
    first = await buyer.open(link["url"])
    await by_phone(first, PENDING)
    await see(first, "Approve on your phone")
    second = await buyer.open(link["url"])
    await see(second, "Someone else is paying right now")
    await picture(second, "held-360")
    await decide(api, first, "fail", failure_code="declined")
    await see(first, "The payment was declined")
    await second.click("text=Check again")
    await by_phone(second)
    await see_receipt(second)


async def test_a_session_of_somebody_else_is_not_shown(api: Api, buyer: Visitor) -> None:
    buyer.expected = {403}
    session = await api.session(await api.link())
    page = await buyer.open(f"{session['url'].partition('?')[0]}")
    await see(page, "This page is not open for you")
    await picture(page, "forbidden-360")


async def test_what_was_paid_a_moment_ago_is_asked_about_before_it_is_paid_again(api: Api, buyer: Visitor) -> None:
    buyer.expected = {422}
    link = await api.link()
    page = await buyer.open(link["url"])
    await by_phone(page)
    number = await see_receipt(page)
    await page.goto(link["url"])
    question = page.locator(".note")
    await expect(question).to_contain_text("You already paid this")
    await picture(page, "paid-before-360")
    await page.fill("#f-mobile_phone", "0772123456")
    await page.click("#send")
    await expect(page.locator("#f-pay_again-error")).not_to_be_empty()
    await question.locator("a").click()
    assert await see_receipt(page) == number
    await page.goto(link["url"])
    await page.check("#f-pay_again")
    await by_phone(page)
    assert await see_receipt(page) != number
    assert (await api.settled(link, paid=2))["paid_count"] == 2


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
async def test_who_goes_back_from_a_prompt_is_told_of_it_and_led_to_it(
    api: Api, buyer: Visitor, *, javascript: bool
) -> None:
    buyer.expected = {422}
    link = await api.link()
    page = await buyer.open(link["url"], javascript=javascript)
    other = await buyer.tab(page.context)
    await other.goto(link["url"])
    await by_phone(page, PENDING)
    await see(page, "Approve on your phone")
    waiting = page.url
    await by_phone(other)
    question = other.locator(".note")
    await expect(question).to_contain_text("A payment of yours for this link is waiting.")
    await expect(other.locator("#f-pay_again-error")).to_contain_text("Tick the box if you want to pay once more")
    await question.locator("a").click()
    assert other.url == waiting
    await page.goto(link["url"])
    await expect(page.locator(".note")).to_contain_text("A payment of yours")
    if javascript:
        await page.click("#send")
        await expect(page.locator("#f-pay_again-error")).to_contain_text("Tick the box if you want to pay once more")
    await page.check("#f-pay_again")
    await by_phone(page)
    await see_receipt(page)
