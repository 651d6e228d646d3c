"""Every provider is paid in Chromium, by the gateway and the pages, against its simulator: the amounts are its own."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.buying import ASKS_THE_BANK, CARD, DECLINED, by_phone, on_the_card_page, see, session_of
from tests.e2e.connected import Booked, Merchant
from tests.support.browsing import Visitor, picture
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]
STRIPE_TAKES = ("USD", "EUR", "UGX", "RWF", "XOF")
FLUTTERWAVE_TAKES = ("NGN", "RWF", "USD")
FLUTTERWAVE_CARD, FLUTTERWAVE_3DS, FLUTTERWAVE_DECLINED = "5531886652142950", "5438898014560229", "5143010522339965"


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Merchant, None]:
    stack = Stack(tmp_path_factory.mktemp("providers") / "home", {"PAYLINKS_DEMO_ACCOUNTS": "1"})
    await stack.start()
    merchant = Merchant(stack)
    await merchant.takes("stripe", *STRIPE_TAKES)
    await merchant.takes("flutterwave", *FLUTTERWAVE_TAKES)
    yield merchant
    await merchant.close()
    await stack.stop()


async def paid(api: Merchant, page: Page, link: dict[str, Any], provider: str, booked: Booked) -> dict[str, Any]:
    """The charge, when page, stats, mail, charge and the provider's own books all tell of this one payment."""
    await see(page, "Payment received")
    assert page.url.startswith(api.stack.gateway)
    price = link["pricing"]
    stats = await api.settled(link)
    assert (stats["paid_count"], stats["uses"]["used"]) == (1, 1)
    revenue = [(one["amount_minor"], one["currency"]) for one in stats["revenue"]]
    assert revenue == [(price["amount_minor"], price["currency"])]
    charge = await api.charge(link)
    assert (charge["provider"], charge["session_id"]) == (provider, session_of(page))
    assert await api.books(provider, charge) == booked
    mail = await api.one_mail(f"{link['slug']}@providers.example")
    assert await page.inner_text(".ref") in mail["text"]
    return charge


async def begin(buyer: Visitor, link: dict[str, Any]) -> Page:
    page = await buyer.open(link["url"])
    await page.fill("#f-email", f"{link['slug']}@providers.example")
    return page


STRIPE_UNITS = pytest.mark.parametrize(
    ("minor", "currency", "unit"),
    [(1999, "USD", 1999), (50_000, "UGX", 5_000_000), (25_000, "RWF", 25_000), (10_000, "XOF", 10_000)],
    ids=["usd", "ugx", "rwf", "xof"],
)


@STRIPE_UNITS
async def test_stripe_takes_a_card_in_its_own_unit(
    api: Merchant, buyer: Visitor, minor: int, currency: str, unit: int
) -> None:
    link = await api.sells("stripe", minor, currency, methods=["card"])
    page = await begin(buyer, link)
    await page.click("#send")
    await page.wait_for_url(f"{api.stack.local['simulators']['stripe']['url']}/**")
    await on_the_card_page(page)
    charge = await paid(api, page, link, "stripe", Booked(unit, currency.lower(), 1))
    await picture(page, f"stripe-paid-{currency}-360")
    if currency == "USD":
        await api.refund(charge, 500)
        assert (await api.books("stripe", charge)).refunded == (500,)
        await api.refund(charge)
        assert sum((await api.books("stripe", charge)).refunded) == 1999
        await api.sent_back(link, 1999)


async def test_stripe_declines_a_card_and_takes_another_after_the_bank_was_asked(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("stripe", 1999, "EUR", methods=["card"])
    page = await begin(buyer, link)
    await page.click("#send")
    buyer.expected.update({402, 422})
    await on_the_card_page(page, DECLINED)
    await expect(page.locator("[role=alert]")).to_contain_text("declined")
    await on_the_card_page(page, ASKS_THE_BANK)
    await page.click("button[value=approve]")
    await paid(api, page, link, "stripe", Booked(1999, "eur", 1))


async def test_a_buyer_who_comes_back_from_stripe_without_paying_takes_it_up_again(
    api: Merchant, buyer: Visitor
) -> None:
    link = await api.sells("stripe", 1999, "USD", methods=["card"])
    page = await begin(buyer, link)
    await page.click("#send")
    await page.click("text=Back to the shop")
    await expect(page.locator("h1")).to_be_visible()
    await picture(page, "stripe-back-360")
    await page.click("a.btn.main")
    await on_the_card_page(page, CARD)
    await paid(api, page, link, "stripe", Booked(1999, "usd", 1))


async def test_wave_is_paid_in_its_app(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("wave", 10_000, "XOF")
    page = await begin(buyer, link)
    await picture(page, "wave-checkout-360")
    await by_phone(page, "771234567")
    await page.wait_for_url(f"{api.stack.local['simulators']['wave']['url']}/**")
    await picture(page, "wave-app-360")
    await page.fill("#mobile", "+221771234567")
    await page.click("button[value=pay]")
    charge = await paid(api, page, link, "wave", Booked("10000", "XOF", 1))
    await picture(page, "wave-paid-360")
    await api.refund(charge)
    assert await api.books("wave", charge) == Booked("10000", "XOF", 1, ("10000",))
    await api.sent_back(link, 10_000)


async def test_a_buyer_who_comes_back_from_wave_without_paying_is_led_there_again(
    api: Merchant, buyer: Visitor
) -> None:
    link = await api.sells("wave", 10_000, "XOF")
    page = await begin(buyer, link)
    await by_phone(page, "771234567")
    await page.fill("#mobile", "+221771234567")
    await page.click("button[value=abandon]")
    await page.wait_for_url(f"{api.stack.gateway}/**")
    await expect(page.locator("h1")).to_be_visible()
    await picture(page, "wave-back-360")
    await expect(page.locator("main")).not_to_contain_text("card")
    await page.click("a.btn.main")
    await page.fill("#mobile", "+221771234567")
    await page.click("button[value=pay]")
    await paid(api, page, link, "wave", Booked("10000", "XOF", 1))


@pytest.mark.parametrize(
    ("minor", "currency", "unit"),
    [(25_000, "RWF", "25000"), (150_050, "NGN", "1500.50"), (1999, "USD", "19.99")],
    ids=["rwf", "ngn", "usd"],
)
async def test_flutterwave_takes_a_card_in_major_units(
    api: Merchant, buyer: Visitor, minor: int, currency: str, unit: str
) -> None:
    link = await api.sells("flutterwave", minor, currency, methods=["card"])
    page = await begin(buyer, link)
    await page.click("#send")
    await page.fill("#number", FLUTTERWAVE_CARD)
    await page.fill("#pin", "3310")
    await page.click("button[value=pay]")
    await page.fill("#otp", "12345")
    await page.click("button[value=pay]")
    charge = await paid(api, page, link, "flutterwave", Booked(unit, currency, 1))
    if currency == "NGN":
        await api.refund(charge, 50_050)
        assert (await api.books("flutterwave", charge)).refunded == ("500.50",)
        await api.sent_back(link, 50_050)


async def test_flutterwave_declines_a_card_and_the_next_one_is_paid(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("flutterwave", 25_000, "RWF", methods=["card"])
    page = await begin(buyer, link)
    await page.click("#send")
    await page.fill("#number", FLUTTERWAVE_DECLINED)
    await page.click("button[value=pay]")
    await page.wait_for_url(f"{api.stack.gateway}/**")
    await see(page, "The payment was declined")
    await picture(page, "flutterwave-declined-360")
    await page.click("a.btn.main")
    await page.click("#send")
    await page.fill("#number", FLUTTERWAVE_3DS)
    await page.click("button[value=pay]")
    await page.fill("#otp", "12345")
    await page.click("button[value=pay]")
    await paid(api, page, link, "flutterwave", Booked("25000", "RWF", 1))


async def test_flutterwave_takes_mobile_money_on_the_page_of_the_operator(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("flutterwave", 25_000, "RWF")
    page = await begin(buyer, link)
    await picture(page, "flutterwave-checkout-360")
    await by_phone(page, "0788123456")
    await page.wait_for_url(f"{api.stack.local['simulators']['flutterwave']['url']}/**")
    await page.click("button[value=approve]")
    charge = await paid(api, page, link, "flutterwave", Booked("25000", "RWF", 1))
    await api.refund(charge)
    assert (await api.books("flutterwave", charge)).refunded == ("25000",)
    await api.sent_back(link, 25_000)


async def test_a_buyer_who_comes_back_before_the_news_is_told_to_wait(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("flutterwave", 25_000, "RWF")
    await api.control("flutterwave", "PUT", "/control/faults", {"callback_delay_ms": 1500})
    page = await begin(buyer, link)
    await by_phone(page, "0788123456")
    await page.click("button[value=approve]")
    await see(page, "Payment in progress")
    await picture(page, "came-back-360")
    await api.control("flutterwave", "PUT", "/control/faults", {})
    await paid(api, page, link, "flutterwave", Booked("25000", "RWF", 1))


async def test_a_buyer_who_gives_up_at_flutterwave_may_go_on_there(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("flutterwave", 25_000, "RWF", methods=["card"])
    page = await begin(buyer, link)
    await page.click("#send")
    await page.click("button[value=cancel]")
    await see(page, "One step is left")
    await page.click("a.btn.main")
    await expect(page.locator("#number")).to_be_visible()


async def test_flutterwave_is_paid_by_a_ussd_code_of_the_chosen_bank(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("flutterwave", 150_000, "NGN", methods=["card", "ussd", "bank_transfer"])
    page = await begin(buyer, link)
    await picture(page, "methods-ngn-360")
    await page.click("label[for=way-ussd]")
    await page.select_option("#f-bank", "058")
    await picture(page, "ussd-bank-360")
    await page.click("#send")
    code = page.locator(".code")
    await expect(code).to_contain_text("*566*058*")
    await picture(page, "ussd-code-360")
    phone = await page.context.new_page()
    ending = (await code.inner_text()).strip().rstrip("#")[-6:]
    await phone.goto(f"{api.stack.local['simulators']['flutterwave']['url']}/phone/{ending}")
    await phone.click("button[value=approve]")
    await paid(api, page, link, "flutterwave", Booked("1500.00", "NGN", 1))


async def test_flutterwave_is_paid_by_a_bank_transfer(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("flutterwave", 150_050, "NGN", methods=["bank_transfer"])
    page = await begin(buyer, link)
    await page.click("#send")
    await see(page, "Send the money")
    await picture(page, "transfer-360")
    account = await page.locator("[data-copy]").nth(1).get_attribute("data-copy")
    bank = await page.context.new_page()
    await bank.goto(f"{api.stack.local['simulators']['flutterwave']['url']}/bank/{account}")
    await bank.click("button")
    await paid(api, page, link, "flutterwave", Booked("1500.50", "NGN", 1))


async def test_mtn_asks_the_payer_on_the_phone(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("mtn", 50_000, "UGX")
    page = await begin(buyer, link)
    await by_phone(page, "0772123456")
    await see(page, "Approve on your phone")
    await picture(page, "mtn-prompt-360")
    charge = await paid(api, page, link, "mtn", Booked("50000", "UGX", 1))
    await api.refund(charge, 20_000)
    assert await api.books("mtn", charge) == Booked("50000", "UGX", 1, ("20000",))
    await api.sent_back(link, 20_000)


async def test_mtn_tells_that_the_payer_said_no_and_is_asked_again(api: Merchant, buyer: Visitor) -> None:
    link = await api.sells("mtn", 50_000, "UGX")
    await api.control("mtn", "PUT", "/control/faults", {"approve_after_ms": 60_000})
    page = await begin(buyer, link)
    await by_phone(page, "0772123457")
    await see(page, "Approve on your phone")
    asked = await api.entry("mtn", await api.charge(link, "pending"))
    await api.control("mtn", "POST", f"/control/payments/{asked['reference']}/fail", {"reason": "APPROVAL_REJECTED"})
    await see(page, "The payment was refused on the phone")
    await picture(page, "mtn-rejected-360")
    await api.control("mtn", "PUT", "/control/faults", {})
    await page.click("button.btn.main")
    await paid(api, page, link, "mtn", Booked("50000", "UGX", 1))
    (failed,) = [one for one in await api.charges(link) if one["status"] == "failed"]
    assert failed["failure_reason"] == "rejected_by_payer"


async def test_each_way_of_one_link_goes_to_the_provider_that_takes_it(api: Merchant, buyer: Visitor) -> None:
    pricing = {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}
    link = await api.link(pricing=pricing, uses_max=9)
    page = await buyer.open(link["url"])
    await picture(page, "methods-ugx-360")
    await by_phone(page, "0772123458")
    await see(page, "Payment received")
    page = await buyer.open(link["url"])
    await by_phone(page, "0701123456")
    await see(page, "Payment received")
    page = await buyer.open(link["url"])
    await page.click("label[for=way-card]")
    await page.click("#send")
    await on_the_card_page(page)
    await see(page, "Payment received")
    assert (await api.settled(link, paid=3))["uses"]["used"] == 3
    took = {(one["provider"], one["method"]) for one in await api.charges(link)}
    assert took == {("mtn", "mobile_money"), ("sandbox", "mobile_money"), ("stripe", "card")}
