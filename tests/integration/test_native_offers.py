"""Plans, coupons, tax rates, prices in several currencies: made, listed, read, changed and archived over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.support.links import LinksService, Tenant

USD = {"amount_minor": 1_999, "currency": "USD"}
EUR = {"amount_minor": 1_899, "currency": "EUR"}


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "plan": ("/v1/plans", {"name": "Monthly", "price": USD, "interval": "month"}),
    "coupon": (
        "/v1/coupons",
        {"code": "spring-5", "discount": {"type": "amount", "amount_minor": 5, "currency": "USD"}},
    ),
    "tax_rate": ("/v1/tax-rates", {"name": "VAT", "percent": "18"}),
}
KIND = pytest.mark.parametrize("kind", KINDS)


@KIND
async def test_it_is_made_once_read_changed_and_archived(service: LinksService, kind: str) -> None:
    tenant = await service.tenant()
    path, body = KINDS[kind]
    once = {"Idempotency-Key": "k-1"}
    made = await tenant.client.post(path, json=body, headers=once)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    again = await tenant.client.post(path, json=body, headers=once)
    assert (again.json(), again.headers["idempotent-replayed"]) == (made.json(), "true")
    url = f"{path}/{made.json()['id']}"
    assert (await tenant.client.get(url)).json() == made.json()
    archived = await tenant.client.delete(url, headers={"If-Match": '"1"'})
    assert (archived.json()["active"], archived.json()["revision"]) == (False, 2)
    back = await tenant.client.patch(url, json={"active": True})
    assert (back.json()["active"], back.json()["revision"]) == (True, 3)
    assert (await tenant.client.patch(url, json={"active": True})).json()["revision"] == 3
    assert (await tenant.client.patch(url, json={"active": False}, headers={"If-Match": '"1"'})).status_code == 412
    assert (await tenant.client.patch(url, json={"unknown": 1})).status_code == 400


@KIND
async def test_lists_page_and_filter(service: LinksService, kind: str) -> None:
    tenant = await service.tenant()
    path, body = KINDS[kind]
    ids = []
    for number in range(3):
        named = {"code": f"c-{number}"} if kind == "coupon" else {"name": f"n {number}"}
        ids.append((await tenant.client.post(path, json=body | named)).json()["id"])
    await tenant.client.delete(f"{path}/{ids[0]}")
    first = (await tenant.client.get(path, params={"limit": 2})).json()
    rest = (await tenant.client.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["data"] + rest["data"]] == ids[::-1]
    active = (await tenant.client.get(path, params={"active": "true"})).json()["data"]
    assert [one["id"] for one in active] == ids[:0:-1]
    for query in ("active=maybe", "limit=0", "cursor=x", "name=x", "currency=usd"):
        assert (await tenant.client.get(f"{path}?{query}")).status_code == 400, query


async def test_coupons_are_found_by_code_and_currency_however_the_code_is_written(service: LinksService) -> None:
    tenant = await service.tenant()
    percent = await tenant.coupon(code="Welcome10")
    amount = await tenant.coupon(code="FIVE", discount={"type": "amount", "amount_minor": 5, "currency": "USD"})
    assert percent["code"] == "WELCOME10"

    async def found(**query: str) -> list[str]:
        return [one["id"] for one in (await tenant.client.get("/v1/coupons", params=query)).json()["data"]]

    assert await found(code="welcome10") == [percent["id"]]
    assert await found(currency="USD") == [amount["id"]]
    assert await found(code="other") == []
    plan = await tenant.plan()
    plans = await tenant.client.get("/v1/plans", params={"currency": "XOF"})
    assert [one["id"] for one in plans.json()["data"]] == [plan["id"]]
    assert (await tenant.client.get("/v1/plans", params={"currency": "USD"})).json()["data"] == []


async def test_a_code_is_taken_once_in_an_organization_and_mode(service: LinksService) -> None:
    tenant = await service.tenant()
    await tenant.coupon(code="SAME")
    again = await tenant.client.post("/v1/coupons", json=KINDS["coupon"][1] | {"code": "same"})
    assert (again.status_code, again.json()["code"], again.json()["coupon_code"]) == (409, "coupon_code_taken", "SAME")
    await (await service.tenant(livemode=True, of=tenant.organization)).coupon(code="SAME")
    await (await service.tenant()).coupon(code="SAME")


async def test_a_coupon_keeps_its_counters_and_its_code(service: LinksService) -> None:
    tenant = await service.tenant()
    coupon = await tenant.coupon(redemptions_max=3, metadata={"campaign": 1.10})
    assert coupon["redemptions"] == {"max": 3, "redeemed": 0, "held": 0, "remaining": 3}
    assert coupon["metadata"] == {"campaign": 1.10}
    await service.pg.execute("UPDATE coupon_uses SET redeemed = 2, held = 1, version = 7")
    url = f"/v1/coupons/{coupon['id']}"
    changed = (await tenant.client.patch(url, json={"redemptions_max": 10, "expires_at": None})).json()
    assert changed["redemptions"] == {"max": 10, "redeemed": 2, "held": 1, "remaining": 7}
    assert (await tenant.client.get(url)).json() == changed
    assert (await tenant.client.patch(url, json={"redemptions_max": None})).json()["redemptions"]["remaining"] is None
    assert (await tenant.client.patch(url, json={"code": "OTHER"})).status_code == 400
    assert await service.pg.fetchval("SELECT version FROM coupon_uses") == 9


@pytest.mark.parametrize(
    "fields",
    [
        {"code": "two words"},
        {"code": "x" * 41},
        {"discount": {"type": "percent", "basis_points": 0}},
        {"discount": {"type": "percent", "basis_points": 10_001}},
        {"discount": {"type": "percent", "basis_points": 12.5}},
        {"discount": {"type": "free"}},
        {"discount": {"type": "amount", "amount_minor": 1, "currency": "USD"}, "currency": "UGX"},
        {"discount": {"type": "amount", "amount_minor": 1, "currency": "XXZ"}},
        {"currency": "XXZ"},
        {"redemptions_max": 0},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"metadata": {"card": "4242424242424242"}},
    ],
)
async def test_a_coupon_refuses_what_it_cannot_be(service: LinksService, fields: dict[str, Any]) -> None:
    tenant = await service.tenant()
    body = {"code": "X", "discount": {"type": "percent", "basis_points": 1}} | fields
    assert (await tenant.client.post("/v1/coupons", json=body)).status_code == 400


async def test_a_repeated_request_gets_its_coupon_again_after_it_has_expired(service: LinksService) -> None:
    tenant = await service.tenant()
    body = KINDS["coupon"][1] | {"expires_at": (service.now() + timedelta(hours=1)).isoformat()}
    first = await tenant.client.post("/v1/coupons", json=body, headers={"Idempotency-Key": "k"})
    service.ahead = timedelta(hours=2)
    again = await tenant.client.post("/v1/coupons", json=body, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()) == (201, first.json())


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"price": {"amount_minor": 0, "currency": "USD"}},
        {"price": {"amount_minor": 5, "currency": "XXZ"}},
        {"interval": "fortnight"},
        {"interval_count": 0},
        {"interval_count": 366},
        {"description": "4242 4242 4242 4242"},
        {"active": False},
    ],
)
async def test_a_plan_refuses_what_it_cannot_be(service: LinksService, fields: dict[str, Any]) -> None:
    tenant = await service.tenant()
    assert (await tenant.client.post("/v1/plans", json=KINDS["plan"][1] | fields)).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a\nb"},
        {"percent": 18},
        {"percent": "100.0001"},
        {"percent": "18.00001"},
        {"percent": "-1"},
        {"country": "Uganda"},
    ],
)
async def test_a_tax_rate_refuses_what_it_cannot_be(service: LinksService, fields: dict[str, Any]) -> None:
    tenant = await service.tenant()
    assert (await tenant.client.post("/v1/tax-rates", json=KINDS["tax_rate"][1] | fields)).status_code == 400


async def test_a_percentage_stays_exact(service: LinksService) -> None:
    rate = await (await service.tenant()).tax_rate(percent="7.2501")
    assert rate["percent"] == "7.2501"


async def test_a_product_has_prices_in_several_currencies(service: LinksService) -> None:
    tenant = await service.tenant()
    made = await tenant.client.post("/v1/products", json={"name": "Gift card", "prices": [USD, EUR]})
    product = made.json()
    assert (product["price"], product["prices"]) == (USD, [USD, EUR])
    url = f"/v1/products/{product['id']}"
    cheaper = (await tenant.client.patch(url, json={"price": USD | {"amount_minor": 999}})).json()
    assert cheaper["prices"] == [USD | {"amount_minor": 999}, EUR]
    only = (await tenant.client.patch(url, json={"prices": [EUR]})).json()
    assert (only["price"], only["prices"], only["revision"]) == (EUR, [EUR], 3)
    for currency, count in (("EUR", 1), ("USD", 0)):
        assert len((await tenant.client.get(f"/v1/products?currency={currency}")).json()["data"]) == count
    for body in ({"prices": [USD, USD]}, {"prices": []}, {"price": EUR, "prices": [USD, EUR]}, {}):
        assert (await tenant.client.post("/v1/products", json={"name": "x"} | body)).status_code == 400, body


async def test_a_product_shows_its_tax_rate_when_it_is_asked_for(service: LinksService) -> None:
    tenant = await service.tenant()
    rate = await tenant.tax_rate()
    taxed, plain = await tenant.product(tax_rate_id=rate["id"]), await tenant.product()
    assert "tax_rate" not in taxed
    url = f"/v1/products/{taxed['id']}"
    assert (await tenant.client.get(f"{url}?expand=tax_rate")).json() == taxed | {"tax_rate": rate}
    listed = (await tenant.client.get("/v1/products?expand=tax_rate")).json()["data"]
    assert [one["tax_rate"] for one in listed] == [None, rate]
    assert listed[0]["id"] == plain["id"]
    assert (await tenant.client.get("/v1/products?expand=price")).status_code == 400
    assert (await tenant.client.get(f"{url}?expand=price")).status_code == 400
    assert (await tenant.client.patch(url, json={"tax_rate_id": None})).json()["tax_rate_id"] is None


async def test_a_product_takes_no_tax_rate_that_is_archived_or_somebody_elses(service: LinksService) -> None:
    tenant, other = await service.tenant(), await service.tenant()
    theirs = (await other.tax_rate())["id"]
    live = (await (await service.tenant(livemode=True, of=tenant.organization)).tax_rate())["id"]
    old = await tenant.tax_rate()
    holder = await tenant.product(tax_rate_id=old["id"])
    await tenant.client.delete(f"/v1/tax-rates/{old['id']}")
    product = await tenant.product()
    for rate_id, status in ((theirs, 404), (live, 404), (str(new_id()), 404), (old["id"], 409)):
        patched = await tenant.client.patch(f"/v1/products/{product['id']}", json={"tax_rate_id": rate_id})
        made = await tenant.client.post("/v1/products", json={"name": "x", "price": USD, "tax_rate_id": rate_id})
        assert (patched.status_code, made.status_code) == (status, status)
    same = await tenant.client.patch(f"/v1/products/{holder['id']}", json={"tax_rate_id": old["id"], "name": "y"})
    assert (same.status_code, same.json()["tax_rate_id"]) == (200, old["id"])


async def cart_of(tenant: Tenant, *products: dict[str, Any], **fields: Any) -> Any:
    items = [{"product_id": product["id"], "quantity": 2} for product in products]
    pricing = {"type": "cart", "items": items, "currency": "USD"} | fields
    return await tenant.client.post("/v1/payment-links", json={"title": "Order", "pricing": pricing})


async def test_a_cart_link_is_taxed_in_the_mode_of_the_organization(service: LinksService) -> None:
    tenant = await service.tenant()
    rate = await tenant.tax_rate()
    card = await tenant.product(prices=[USD, EUR], price=USD, tax_rate_id=rate["id"])
    on_top = (await cart_of(tenant, card)).json()["pricing"]
    assert (on_top["amount_minor"], on_top["tax_minor"], on_top["tax_mode"]) == (4_718, 720, "exclusive")
    await tenant.client.patch(f"/v1/organizations/{tenant.organization.id}", json={"tax_mode": "inclusive"})
    inside = (await cart_of(tenant, card)).json()["pricing"]
    assert (inside["amount_minor"], inside["tax_minor"], inside["tax_mode"]) == (3_998, 610, "inclusive")


async def test_a_cart_link_is_refused_without_a_price_or_out_of_bounds(service: LinksService) -> None:
    tenant = await service.tenant()
    dollars, shillings = await tenant.product(price=USD), await tenant.product()
    missing = await cart_of(tenant, dollars, shillings)
    assert (missing.status_code, missing.json()["code"]) == (409, "price_missing")
    bounds = {"USD": {"min_minor": 4_000, "max_minor": None}}
    await tenant.client.patch(f"/v1/organizations/{tenant.organization.id}", json={"payment_bounds": bounds})
    small = await cart_of(tenant, dollars)
    assert (small.status_code, small.json()["code"], small.json()["min_minor"]) == (400, "total_out_of_bounds", 4_000)
    theirs = await (await service.tenant()).product(price=USD)
    assert (await cart_of(tenant, theirs)).status_code == 404


async def test_a_cart_is_offered_in_no_other_currency_whose_total_is_out_of_bounds(service: LinksService) -> None:
    tenant = await service.tenant()
    both = await tenant.product(prices=[USD, EUR], price=USD)
    for least, offered in ((3_798, [3_798]), (3_799, [])):
        bounds = {"EUR": {"min_minor": least, "max_minor": None}}
        await tenant.client.patch(f"/v1/organizations/{tenant.organization.id}", json={"payment_bounds": bounds})
        made = (await cart_of(tenant, both)).json()["pricing"]
        assert (made["amount_minor"], [one["amount_minor"] for one in made["also"]]) == (3_998, offered)


async def test_an_archived_plan_makes_no_link(service: LinksService) -> None:
    tenant = await service.tenant()
    plan = await tenant.plan(interval="month", interval_count=3)
    body = {"title": "Club", "pricing": {"type": "plan", "plan_id": plan["id"]}}
    made = (await tenant.client.post("/v1/payment-links", json=body)).json()["pricing"]
    assert (made["amount_minor"], made["interval"], made["interval_count"]) == (10_000, "month", 3)
    await tenant.client.delete(f"/v1/plans/{plan['id']}")
    refused = await tenant.client.post("/v1/payment-links", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_archived")


async def test_a_link_shows_its_product_as_it_is_now_when_it_is_asked_for(service: LinksService) -> None:
    tenant = await service.tenant()
    product = await tenant.product()
    plain = await tenant.make()
    link = await tenant.make(pricing={"type": "product", "product_id": product["id"]})
    assert "product" not in link
    now = (await tenant.client.patch(f"/v1/products/{product['id']}", json={"name": "Renamed"})).json()
    one = (await tenant.client.get(f"/v1/payment-links/{link['id']}?expand=product")).json()
    assert (one["product"], one["pricing"]["name"]) == (now, "Coffee")
    listed = (await tenant.client.get("/v1/payment-links?expand=product")).json()["data"]
    shown = {one["id"]: one["product"] for one in listed}  # the product's own link is there, too
    assert (shown[link["id"]], shown[plain["id"]]) == (now, None)
    assert (await tenant.client.get("/v1/payment-links?expand=charges")).status_code == 400


async def test_expanding_shows_nothing_that_the_key_may_not_read(service: LinksService) -> None:
    owner = await service.tenant()
    product = await owner.product(tax_rate_id=(await owner.tax_rate())["id"])
    link = await owner.make(pricing={"type": "product", "product_id": product["id"]})
    links_only = await service.tenant(of=owner.organization, scopes=("links:read",))
    products_only = await service.tenant(of=owner.organization, scopes=("products:read",))
    for answer, scope in (
        (await links_only.client.get(f"/v1/payment-links/{link['id']}?expand=product"), "products:read"),
        (await products_only.client.get(f"/v1/products/{product['id']}?expand=tax_rate"), "taxes:read"),
    ):
        assert (answer.status_code, answer.json()["scope"]) == (403, scope)
