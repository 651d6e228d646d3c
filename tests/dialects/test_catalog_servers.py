"""What a server does with its API key in `catalog`; and the login that gives a member the Token."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.links.domain.keys import Scope
from shared.kernel.ids import new_id
from tests.support.catalog import PATH, PUBLIC, Shop, shop_of
from tests.support.links import LinksService, Tenant


@pytest.fixture
def links(shared_links: LinksService) -> LinksService:
    shared_links.ahead = timedelta()
    return shared_links


BUYER = {"email": "buyer@example.com"}
CHECKOUT = "/catalog/checkout/create/"
ITEMS = {"line_items": [{"name": "Setup", "unit_price": "49.00"}]}


@pytest.fixture
async def catalog(links: LinksService, shop: Tenant) -> Shop:
    return await shop_of(links, shop)


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
    assert (await catalog.anybody.post("/catalog/api/login/", json={})).json() == {"email": ["This field is required."]}
    assert (await catalog.anybody.post("/catalog/api/logout/")).status_code == 204
    assert (await catalog.anybody.get(f"{PUBLIC}{uuid4()}/")).status_code == 404
