"""What buyers and servers do with `catalog`: start a checkout, or are told why not."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.links.domain.keys import Scope
from shared.contracts.checkout import AddressView, CustomerView, SessionRefused
from shared.kernel.ids import new_id
from tests.dialects.test_catalog_links import settings
from tests.support.catalog import PATH, PUBLIC, Shop, shop_of
from tests.support.links import LinksService, Tenant
from tests.support.uses import succeeded, take_in

BUYER = {"email": "buyer@example.com"}
CHECKOUT = "/catalog/checkout/create/"
ITEMS = {"line_items": [{"name": "Setup", "unit_price": "49.00"}]}


@pytest.fixture
async def catalog(links: LinksService, shop: Tenant) -> Shop:
    return await shop_of(links, shop)


async def start(catalog: Shop, link: dict[str, Any], **fields: Any) -> Any:
    return await catalog.anybody.post(f"{PUBLIC}{link['id']}/start/", json=BUYER | fields)


async def test_all_that_a_buyer_says_goes_to_the_checkout(catalog: Shop) -> None:
    await settings(catalog, redirect_origins=("https://shop.example",))
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
    await settings(catalog, redirect_origins=("https://shop.example",))
    link = await catalog.made()
    for fields, named in MAY_NOT_SAY:
        answer = await start(catalog, link, **fields)
        assert (answer.status_code, list(answer.json())) == (400, [named]), (fields, answer.text)
    assert catalog.checkout.asked == []


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


async def test_a_server_says_all_about_its_line_items(catalog: Shop) -> None:
    item = {"name": "Setup", "unit_price": "1999.99", "quantity": 7, "description": "Once", "image_url": None}
    answer = await catalog.server.post(
        CHECKOUT,
        json=BUYER
        | {
            "line_items": [item],
            "currency": "EUR",
            "title": "Order 17",
            "reference": "order-17",
            "metadata": {"cart": 17},
            "success_url": "https://anywhere.example/thanks",
            "cancel_url": "https://anywhere.example/cart",
        },
    )
    assert answer.status_code == 201, answer.text
    native = await catalog.tenant.read(answer.json()["payment_link"])
    assert (native["title"], native["reference"], native["metadata"]) == ("Order 17", "order-17", {"cart": 17})
    assert native["pricing"]["amount_minor"] == 1_399_993
    assert (native["success_url"], native["uses"]["max"]) == ("https://anywhere.example/thanks", 1)
    assert native["expires_at"] is not None
    (asked,) = catalog.checkout.asked
    assert (asked.success_url, asked.customer.email) == (None, "buyer@example.com")


UNSOLD: tuple[dict[str, Any], ...] = (
    {"unit_price": "0.00"},
    {"unit_price": -1},
    {"unit_price": "1e9999999"},
    {"unit_price": "10000000000000.01"},
    {"unit_price": "9999999999999.99", "quantity": 10_000},
    {"unit_price": 0.001},
    {"unit_price": None},
    {"unit_price": "ten"},
    {"quantity": 0},
    {"name": " "},
    {"name": "4242424242424242"},
    {"description": "bell\x7f"},
    {"image_url": "http://example.com/x.png"},
)


async def test_a_line_item_that_cannot_be_sold_is_refused(catalog: Shop) -> None:
    for item in UNSOLD:
        answer = await catalog.server.post(
            CHECKOUT, json=BUYER | {"line_items": [{"name": "Setup", "unit_price": "49.00"} | item]}
        )
        assert (answer.status_code, list(answer.json())) == (400, ["line_items"]), (item, answer.text)


async def test_only_an_api_key_creates_checkouts(catalog: Shop, links: LinksService) -> None:
    reads: tuple[Scope, ...] = ("links:read",)
    reader = await links.tenant(of=catalog.tenant.organization, scopes=reads)
    for authorization, status in (
        (f"Token {catalog.token}", 401),
        (f"Api-Key {catalog.token}", 401),
        (f"Token {catalog.tenant.bearer}", 401),
        ("Api-Key", 401),
        (f"Api-Key {reader.bearer}", 403),
        (f"Bearer {catalog.tenant.bearer}", 201),
        (f"api-key {catalog.tenant.bearer}", 201),
    ):
        answer = await catalog.anybody.post(CHECKOUT, json=BUYER | ITEMS, headers={"Authorization": authorization})
        assert answer.status_code == status, authorization
    assert (await catalog.anybody.post(CHECKOUT, json=BUYER | ITEMS)).status_code == 401


async def test_the_same_key_is_the_same_checkout(catalog: Shop) -> None:
    headers = {"Idempotency-Key": "order-17"}
    first = await catalog.server.post(CHECKOUT, json=BUYER | ITEMS, headers=headers)
    again = await catalog.server.post(CHECKOUT, json=BUYER | ITEMS, headers=headers)
    assert first.json()["payment_link"] == again.json()["payment_link"]
    assert catalog.checkout.asked[0] == catalog.checkout.asked[1]
    other = await catalog.server.post(CHECKOUT, json=BUYER | ITEMS | {"title": "Other"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


async def test_a_checkout_that_could_not_be_opened_leaves_no_link(catalog: Shop) -> None:
    before = (await catalog.member.get(PATH)).json()["count"]
    catalog.checkout.is_down = True
    assert (await catalog.server.post(CHECKOUT, json=BUYER | ITEMS)).status_code == 503
    assert (await catalog.member.get(PATH)).json()["count"] == before
    headers = {"Idempotency-Key": str(new_id())}
    assert (await catalog.server.post(CHECKOUT, json=BUYER | ITEMS, headers=headers)).status_code == 503
    catalog.checkout.is_down = False
    answer = await catalog.server.post(CHECKOUT, json=BUYER | ITEMS, headers=headers)
    assert (answer.status_code, (await catalog.member.get(PATH)).json()["count"]) == (201, before + 1)


async def test_a_wrong_login_does_not_tell_what_was_wrong(catalog: Shop) -> None:
    for email in ("nobody@example.com", "not an address", "a@b.c\u0000"):
        answer = await catalog.anybody.post("/catalog/api/login/", json={"email": email, "password": "wrong password"})
        assert answer.status_code in {400, 401}, answer.text
    assert (await catalog.anybody.post("/catalog/api/login/", json={})).json() == {"email": ["email is required"]}
    assert (await catalog.anybody.post("/catalog/api/logout/")).status_code == 204
    assert (await catalog.anybody.get(f"{PUBLIC}{uuid4()}/")).status_code == 404
