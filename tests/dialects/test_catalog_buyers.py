"""What buyers and servers do with `catalog`: start a checkout, or are told why not."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.links.domain.organization import Bounds
from shared.contracts.checkout import AddressView, CustomerView, SessionRefused
from tests.support.catalog import PATH, PRICES, PUBLIC, Shop, shop_of
from tests.support.links import LinksService, Tenant
from tests.support.uses import succeeded, take_in

BUYER = {"email": "buyer@example.com"}


@pytest.fixture
async def catalog(links: LinksService, shop: Tenant) -> Shop:
    return await shop_of(links, shop)


async def start(catalog: Shop, link: dict[str, Any], **fields: Any) -> Any:
    return await catalog.anybody.post(f"{PUBLIC}{link['id']}/start/", json=BUYER | fields)


async def test_all_that_a_buyer_says_goes_to_the_checkout(catalog: Shop) -> None:
    await catalog.settings(redirect_origins=("https://shop.example",))
    link = await catalog.made()
    answer = await start(
        catalog,
        link,
        first_name="Amina",
        last_name="Okello",
        phone="+256 772 123456",
        address_line1="Plot 4, Acacia Avenue",
        city="Kampala",
        state="Central",
        postal_code="256",
        country="UG",
        currency="EUR",
        locale="fr",
        success_url="https://shop.example/thanks",
        cancel_url="https://shop.example/cart?x=1",
        unknown="ignored",
    )
    assert answer.status_code == 201, answer.text
    (asked,) = catalog.checkout.asked
    assert asked.customer == CustomerView("buyer@example.com", "Amina Okello", "+256 772 123456")
    assert asked.address == AddressView(
        line1="Plot 4, Acacia Avenue", city="Kampala", country="UG", region="Central", postal_code="256"
    )
    assert (asked.link_id, asked.slug, asked.currency, asked.amount_minor) == (UUID(link["id"]), None, "EUR", None)
    assert (asked.success_url, asked.cancel_url) == ("https://shop.example/thanks", "https://shop.example/cart?x=1")
    assert (asked.locale, asked.idempotency_key) == ("fr", None)


async def test_parts_of_an_address_are_no_address(catalog: Shop) -> None:
    link = await catalog.made()
    assert (await start(catalog, link, country="UG", city="Kampala")).status_code == 201
    assert catalog.checkout.asked[0].address is None


MAY_NOT_SAY: tuple[tuple[dict[str, Any], str], ...] = (
    ({"email": None}, "email"),
    ({"email": "nobody"}, "email"),
    ({"email": "a@b\r\nBcc: c@d.example"}, "email"),
    ({"name": "4242 4242 4242 4242"}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"name": "bell\x7f"}, "name"),
    ({"first_name": ""}, "first_name"),
    ({"phone": "4242424242424242"}, "phone"),
    ({"phone": "378282246310005"}, "phone"),
    ({"phone": "call me"}, "phone"),
    ({"address_line1": "4242424242424242", "city": "Kampala", "country": "UG"}, "address_line1"),
    ({"address_line1": "Plot 4", "city": "Kam\tpala", "country": "UG"}, "city"),
    ({"country": "Uganda"}, "country"),
    ({"currency": "usd"}, "currency"),
    ({"amount": "0"}, "amount"),
    ({"amount": "1e999999"}, "amount"),
    ({"amount": "NaN"}, "amount"),
    ({"amount": "1.001"}, "amount"),
    ({"coupon_code": "two words"}, "coupon_code"),
    ({"locale": "../../etc"}, "locale"),
    ({"success_url": "https://evil.example/"}, "success_url"),
    ({"success_url": "https://shop.example.evil.example/"}, "success_url"),
    ({"success_url": "https://shop.example@evil.example/"}, "success_url"),
    ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
    ({"cancel_url": "//shop.example/"}, "cancel_url"),
    ({"cancel_url": "https://shop.example:444/"}, "cancel_url"),
)


async def test_what_a_buyer_may_not_say_is_named(catalog: Shop) -> None:
    await catalog.settings(redirect_origins=("https://shop.example",))
    link = await catalog.made()
    for fields, named in MAY_NOT_SAY:
        answer = await start(catalog, link, **fields)
        assert (answer.status_code, list(answer.json())) == (400, [named]), (fields, answer.text)
    assert catalog.checkout.asked == []


async def test_a_buyer_pays_in_dollars_or_euros_wherever_else_the_products_sell(catalog: Shop) -> None:
    prices = [*PRICES, {"amount_minor": 75_000, "currency": "UGX"}]
    product = await catalog.product(name="Mug", prices=prices, price=prices[0])
    link = await catalog.made(products=[{"product_id": product, "quantity": 1}])
    preview = (await catalog.anybody.get(f"{PUBLIC}{link['id']}/")).json()
    assert [total["currency"] for total in preview["totals"]] == ["USD", "EUR"]
    for currency, status in (("USD", 201), ("EUR", 201), ("UGX", 400), ("KES", 400)):
        assert (await start(catalog, link, currency=currency)).status_code == status, currency
    await catalog.settings(payment_bounds={"EUR": Bounds(min_minor=2_000)})
    for currency, status in (("USD", 201), ("EUR", 400)):
        assert (await start(catalog, link, currency=currency)).status_code == status, currency


async def test_a_buyer_chooses_the_amount_where_the_link_says_so(catalog: Shop) -> None:
    link = await catalog.tenant.make(pricing={"type": "flexible", "currency": "KWD"})
    assert (await start(catalog, link, amount="1.005")).status_code == 201
    assert (await start(catalog, link, amount=2.5)).status_code == 201
    assert [asked.amount_minor for asked in catalog.checkout.asked] == [1_005, 2_500]


REFUSALS = (
    (SessionRefused(code="link_expired", reason="expired"), 410, "expired"),
    (SessionRefused(code="link_paused", reason="paused"), 410, "inactive"),
    (SessionRefused(code="link_not_found"), 404, "not_found"),
    (SessionRefused(code="otp_required"), 403, "link_gated"),
    (SessionRefused(code="all_uses_held"), 409, "checkout_refused"),
    (SessionRefused(code="provider_not_connected"), 409, "checkout_refused"),
    (SessionRefused(code="something_new"), 409, "checkout_refused"),
    (SessionRefused(code="idempotency_mismatch"), 422, "idempotency_mismatch"),
    (SessionRefused(code="invalid", values={"field": "currency", "rule": "is paid in USD"}), 400, "currency"),
    (SessionRefused(code="invalid", values={"field": "customer.phone", "rule": "is needed"}), 400, "phone"),
    (
        SessionRefused(code="invalid", values={"field": "customer.address", "rule": "is needed"}),
        400,
        "address_line1",
    ),
    (SessionRefused(code="invalid", values={"field": "amount_minor", "rule": "is fixed"}), 400, "amount"),
    (SessionRefused(code="unknown_currency", values={"currency": "XXX"}), 400, "currency"),
    (SessionRefused(code="coupon_refused", values={"reason": "expired"}), 400, "coupon_code"),
    (
        SessionRefused(
            code="amount_out_of_bounds",
            values={"field": "amount_minor", "currency": "USD", "min_minor": 100, "max_minor": 5_000},
        ),
        400,
        "The total must be at least 1.00 USD and at most 50.00 USD.",
    ),
)


async def test_what_the_checkout_refuses_is_told_in_this_shape(catalog: Shop) -> None:
    link = await catalog.made()
    for number, (refused, status, told) in enumerate(REFUSALS):
        catalog.checkout.answers = refused
        answer = await start(catalog, link, email=f"buyer-{number}@example.com")
        assert (answer.status_code, told in answer.text) == (status, True), (refused, answer.text)


async def test_codes_of_coupons_are_not_for_guessing(catalog: Shop) -> None:
    link = await catalog.made()
    catalog.checkout.answers = SessionRefused(code="coupon_refused", values={"reason": "unknown"})
    guesses = [
        (await start(catalog, link, email=f"guest-{n}@example.com", coupon_code=f"GUESS{n}")).status_code
        for n in range(32)
    ]
    assert (guesses[:30], guesses[-1]) == ([400] * 30, 429)
    assert (await start(catalog, link, email="else@example.com")).status_code == 400


async def test_a_checkout_that_is_down_can_be_asked_again(catalog: Shop) -> None:
    catalog.checkout.is_down = True
    answer = await start(catalog, await catalog.made())
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")


async def test_a_gated_link_opens_for_nobody_here(catalog: Shop) -> None:
    link = await catalog.tenant.make(gate="otp", recipient={"email": "amina@example.com"})
    for answer in (await catalog.anybody.get(f"{PUBLIC}{link['id']}/"), await start(catalog, link)):
        assert (answer.status_code, answer.json()["code"]) == (403, "link_gated"), answer.text
        assert "amina" not in answer.text


async def test_a_buyers_key_is_the_buyers_own(catalog: Shop) -> None:
    link = await catalog.made()
    path = f"{PUBLIC}{link['id']}/start/"
    nonces = ["a" * 20, "a" * 20, "b" * 20, None]
    for nonce in nonces:
        headers = {"Idempotency-Key": "order-1"} | ({"Client-Nonce": nonce} if nonce else {})
        assert (await catalog.anybody.post(path, json=BUYER, headers=headers)).status_code == 201
    first, again, other, unnamed = [asked.idempotency_key for asked in catalog.checkout.asked]
    assert first == again
    assert len({first, other, unnamed}) == 3
    for wrong in ({"Client-Nonce": "short"}, {"Idempotency-Key": "x" * 256}):
        answer = await catalog.anybody.post(path, json=BUYER, headers={"Idempotency-Key": "order-1"} | wrong)
        assert answer.status_code == 400, answer.text


async def test_one_address_begins_only_so_often(catalog: Shop) -> None:
    link = await catalog.made()
    answers = [(await start(catalog, link)).status_code for _ in range(32)]
    assert (answers[:30], answers[-1]) == ([201] * 30, 429)
    assert (await start(catalog, link, email="another@example.com")).status_code == 201


async def test_payments_are_listed_with_who_paid(catalog: Shop, links: LinksService) -> None:
    link = await catalog.made()
    paid_at = datetime(2026, 4, 3, 10, 5, tzinfo=UTC)
    asks = [(await links.hold(link, catalog.tenant))[0] for _ in range(3)]
    await take_in(links, *(succeeded(ask, version=2, at=paid_at) for ask in asks))
    page = (await catalog.member.get(f"{PATH}{link['id']}/payments/?page_size=2")).json()
    assert (page["count"], len(page["results"])) == (3, 2)
    assert page["next"].endswith(f"{PATH}{link['id']}/payments/?page=2&page_size=2")
    payment = page["results"][0]
    assert payment == {
        "id": str(max(ask.charge_id for ask in asks)),
        "status": "paid",
        "amount": "50000.00",
        "currency": "UGX",
        "payment_method": "mobile_money",
        "email": "amina@example.com",
        "name": None,
        "phone": None,
        "receipt_number": "R-1",
        "failure_reason": None,
        "created_at": "2026-04-03T10:05:00Z",
        "updated_at": "2026-04-03T10:05:00Z",
    }
    (last,) = (await catalog.member.get(f"{PATH}{link['id']}/payments/?page=2&page_size=2")).json()["results"]
    assert last["id"] == str(min(ask.charge_id for ask in asks))
