"""How `catalog` makes, changes, lists and refuses links."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.links.domain.organization import Bounds
from tests.support.catalog import PATH, PRICES, PUBLIC, Shop, shop_of
from tests.support.links import LinksService, Tenant


@pytest.fixture
def links(shared_links: LinksService) -> LinksService:
    shared_links.ahead = timedelta()
    return shared_links


@pytest.fixture
async def catalog(links: LinksService, shop: Tenant) -> Shop:
    return await shop_of(links, shop)


async def test_dollars_are_meant_where_no_currency_is_named(catalog: Shop) -> None:
    assert (await catalog.made())["currency"] == "USD"
    assert (await catalog.made(currency=None))["total"] == "39.98"
    assert (await catalog.made(currency="EUR"))["total"] == "37.98"


async def test_no_other_currency_is_taken(catalog: Shop) -> None:
    for currency in ("UGX", "usd", "XXX", "", 840):
        answer = await catalog.create(currency=currency)
        assert (answer.status_code, list(answer.json())) == (400, ["currency"]), currency


async def test_a_product_without_a_price_in_the_currency_is_refused(catalog: Shop) -> None:
    only_dollars = await catalog.product(name="Mug", prices=PRICES[:1])
    answer = await catalog.create(currency="EUR", products=[{"product_id": only_dollars, "quantity": 1}])
    assert (answer.status_code, list(answer.json())) == (400, ["currency"])


async def test_taxes_are_told_to_the_cent_on_top_or_within(catalog: Shop) -> None:
    rate = await catalog.tenant.tax_rate(percent="18")
    taxed = await catalog.product(name="Taxed", tax_rate_id=rate["id"])
    lines = [{"product_id": taxed, "quantity": 3}]
    on_top = await catalog.made(products=lines, pricing_mode="TAX_EXCLUSIVE")
    assert (on_top["subtotal"], on_top["tax_amount"], on_top["total"]) == ("59.97", "10.79", "70.76")
    within = await catalog.made(products=lines, pricing_mode="TAX_INCLUSIVE")
    assert (within["subtotal"], within["tax_amount"], within["total"]) == ("50.82", "9.15", "59.97")
    (line,) = within["products"]
    assert (line["tax_name"], line["tax_amount"], line["amount"]) == ("VAT", "9.15", "59.97")


async def test_the_pricing_mode_is_the_organizations_unless_it_is_named(catalog: Shop) -> None:
    assert (await catalog.made())["pricing_mode"] == "TAX_EXCLUSIVE"
    await catalog.settings(tax_mode="inclusive")
    assert (await catalog.made())["pricing_mode"] == "TAX_INCLUSIVE"
    assert (await catalog.made(pricing_mode="TAX_EXCLUSIVE"))["pricing_mode"] == "TAX_EXCLUSIVE"


async def test_the_total_stays_within_the_organizations_bounds(catalog: Shop) -> None:
    await catalog.settings(payment_bounds={"USD": Bounds(min_minor=2_000, max_minor=5_000)})
    for quantity, status in ((1, 400), (2, 201), (3, 400)):
        answer = await catalog.create(products=[{"product_id": catalog.products[0], "quantity": quantity}])
        assert answer.status_code == status, answer.text
    assert answer.json() == {"non_field_errors": ["The total must be at least 20.00 USD and at most 50.00 USD."]}


async def test_prices_are_a_snapshot(catalog: Shop) -> None:
    link = await catalog.made()
    changed = await catalog.tenant.client.patch(
        f"/v1/products/{catalog.products[0]}",
        json={"name": "Dearer", "price": {"amount_minor": 9_999, "currency": "USD"}},
    )
    assert changed.status_code == 200, changed.text
    assert (await catalog.read(link["id"]))["products"] == link["products"]
    assert (await catalog.made())["total"] == "199.98"


async def test_products_go_by_either_of_their_ids(catalog: Shop) -> None:
    native = await catalog.tenant.client.get(f"/v1/products/{catalog.products[0]}")
    answer = await catalog.made(products=[{"product_id": native.json()["digital_id"], "quantity": 1}])
    assert answer["products"][0]["product_id"] == catalog.products[0]


async def test_a_product_that_is_not_there_or_not_sold_is_refused(catalog: Shop, links: LinksService) -> None:
    other = await links.tenant()
    foreign = (await other.product())["id"]
    for unknown in (foreign, str(uuid4()), "prod_00000000000000000000000000"):
        answer = await catalog.create(products=[{"product_id": unknown, "quantity": 1}])
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such product."), unknown
    await catalog.tenant.client.patch(f"/v1/products/{catalog.products[0]}", json={"active": False})
    answer = await catalog.create()
    assert (answer.status_code, list(answer.json())) == (400, ["products"])


UNACCEPTED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"name": "4242 4242 4242 4242"}, "name"),
    ({"name": "a\x7fb"}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"products": []}, "products"),
    ({"products": None}, "products"),
    ({"products": [{"product_id": "nonsense", "quantity": 1}]}, "products"),
    ({"products": [{"product_id": str(uuid4()), "quantity": 0}]}, "products"),
    ({"products": [{"product_id": str(uuid4()), "quantity": 10**30}]}, "products"),
    ({"products": [{"quantity": 1}]}, "products"),
    ({"pricing_mode": "NET"}, "pricing_mode"),
    ({"expires_at": "yesterday"}, "expires_at"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
    ({"max_uses": 0}, "max_uses"),
    ({"max_uses": 1.5}, "max_uses"),
    ({"max_uses": 10**12}, "max_uses"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"k": "v" * 3_000}}, "metadata"),
    ({"metadata": {"card": "4242424242424242"}}, "metadata"),
)


async def test_what_cannot_be_accepted_is_named(catalog: Shop) -> None:
    for fields, named in UNACCEPTED:
        answer = await catalog.create(**fields)
        assert (answer.status_code, list(answer.json())) == (400, [named]), (fields, answer.text)
        (words,) = answer.json()[named]
        assert words


async def test_a_product_is_named_once(catalog: Shop) -> None:
    line = {"product_id": catalog.products[0], "quantity": 1}
    answer = await catalog.create(products=[line, line])
    assert (answer.status_code, list(answer.json())) == (400, ["products"])


async def test_a_body_that_is_no_json_is_refused_in_the_same_shape(catalog: Shop) -> None:
    for body in (b"", b"[]", b"{", b'"x"', b"\xff", b'{"name":"\\u0000"}', b'{"name":"a","name":"b"}', b"[" * 5_000):
        answer = await catalog.member.post(PATH, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text
        named = "products" if b"name" in body else "non_field_errors"
        assert [(field, len(words)) for field, words in answer.json().items()] == [(named, 1)], answer.text
    assert (await catalog.create(name="x" * 70_000)).status_code in {400, 413}


async def test_unknown_fields_are_left_alone(catalog: Shop) -> None:
    link = await catalog.made(colour="green")
    answer = await catalog.member.patch(f"{PATH}{link['id']}/", json={"currency": "UGX", "products": [], "title": "x"})
    assert (answer.status_code, answer.json()) == (200, link)


async def test_a_patch_keeps_what_catalog_cannot_say(catalog: Shop) -> None:
    link = await catalog.made(metadata={"amount": 0.1})
    native = await catalog.tenant.client.patch(
        f"/v1/payment-links/{link['id']}",
        json={"description": "From native", "success_url": "https://example.com/ok", "collect": {"phone": "required"}},
    )
    assert native.status_code == 200, native.text
    answer = await catalog.member.patch(
        f"{PATH}{link['id']}/", json={"name": "Renamed", "max_uses": 7, "expires_at": "2030-01-01T00:00:00Z"}
    )
    assert (answer.status_code, answer.json()["name"], answer.json()["max_uses"]) == (200, "Renamed", 7)
    after = await catalog.tenant.read(link["id"])
    for field in ("title", "description", "success_url", "collect", "pricing", "slug", "methods"):
        assert after[field] == native.json()[field], field
    assert answer.json()["metadata"] == {"amount": 0.1}
    cleared = await catalog.member.patch(f"{PATH}{link['id']}/", json={"expires_at": None, "metadata": None})
    assert (cleared.json()["expires_at"], cleared.json()["metadata"], cleared.json()["max_uses"]) == (None, {}, 7)


async def test_the_switch_pauses_and_resumes(catalog: Shop) -> None:
    link = await catalog.made()
    for switch, status in ((False, "inactive"), (False, "inactive"), (True, "active")):
        answer = await catalog.member.patch(f"{PATH}{link['id']}/", json={"is_active": switch})
        assert (answer.status_code, answer.json()["is_active"], answer.json()["status"]) == (200, switch, status)


async def test_what_another_dialect_has_ended_stays_so(catalog: Shop) -> None:
    link = await catalog.made()
    assert (await catalog.tenant.client.post(f"/v1/payment-links/{link['id']}/archive")).status_code == 200
    read = await catalog.read(link["id"])
    assert (read["is_active"], read["status"]) == (False, "inactive")
    refused = await catalog.member.patch(f"{PATH}{link['id']}/", json={"is_active": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "link_ended")
    gone = await catalog.anybody.get(f"{PUBLIC}{link['id']}/")
    assert (gone.status_code, gone.json()["reason"]) == (410, "inactive")


async def test_the_internal_name_is_never_shown_to_a_buyer(catalog: Shop, links: LinksService) -> None:
    link = await catalog.made(name="Clearance for the stingy")
    preview = await catalog.anybody.get(f"{PUBLIC}{link['id']}/")
    started = await catalog.anybody.post(f"{PUBLIC}{link['id']}/start/", json={"email": "buyer@example.com"})
    told = repr(await links.facts()) + preview.text + started.text + link["url"] + repr(catalog.checkout.asked)
    assert "stingy" not in told.lower()
