from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.support.links import FIXED, LinksService, links_service
from tests.support.servers import Databases


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncGenerator[LinksService]:
    """Shared by the tests of this file: each has organizations of its own."""
    dsn = await databases.clone("links")
    async with links_service(dsn) as running:
        yield running
    await databases.drop(dsn)


async def test_the_organization_reads_and_changes_itself(service: LinksService) -> None:
    tenant = await service.tenant()
    current = await tenant.client.get("/v1/organizations/current")
    own = await tenant.client.get(f"/v1/organizations/{tenant.organization.id}")
    assert current.json() == own.json()
    changed = await tenant.client.patch(
        f"/v1/organizations/{tenant.organization.id}",
        json={"name": "Kigali Coffee", "currencies": ["UGX", "RWF"], "timezone": "Africa/Kigali", "color": "#112233"},
        headers={"If-Match": '"1"'},
    )
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    assert (await tenant.client.get("/v1/organizations/current")).json()["name"] == "Kigali Coffee"
    link = await tenant.make()
    facts = await service.facts()
    assert [kind for kind, _ in facts if "organization" in kind] == [
        "links.organization.created",
        "links.organization.updated",
    ]
    assert facts[-1][1]["link"]["merchant"]["name"] == "Kigali Coffee"
    assert link["state"] == "active"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": None},
        {"name": ""},
        {"default_currency": "USD"},
        {"currencies": []},
        {"currencies": ["UGX", "UGX"]},
        {"currencies": ["XXZ", "UGX"]},
        {"support_email": "nobody"},
        {"support_email": "a@b.test\nBcc: c@d.test"},
        {"locale": "english"},
        {"timezone": "Mars/Olympus"},
        {"logo_url": "http://a.example.com/"},
        {"slug": "new"},
        {"merchant_id": "01932c06-0000-7000-8000-000000000002"},
        {"payment_bounds": {"USD": {"min_minor": 5, "max_minor": 4}}},
        {"payment_bounds": {"USD": {"min_minor": 0}}},
        {"payment_bounds": {"XXZ": {"min_minor": 1}}},
        {"payment_bounds": {"usd": {}}},
        {"tax_mode": "none"},
        {"default_methods": []},
        {"default_methods": ["card", "card"]},
        {"default_methods": ["cash"]},
        {"default_providers": ["sandbox", "sandbox"]},
        {"link_lifetime_seconds": 59},
        {"redirect_origins": ["https://shop.example.com/"]},
        {"redirect_origins": ["https://*.example.com/x"]},
        {"redirect_origins": ["http://shop.example.com"]},
        {"redirect_origins": ["https://shop.example.com", "https://shop.example.com"]},
        {"checkout_url": "https://pay.example.com/path"},
        {"checkout_url": "http://pay.example.com"},
        {"checkout_url": "https://user@pay.example.com"},
    ],
)
async def test_an_organization_refuses_what_it_cannot_be(service: LinksService, fields: dict[str, Any]) -> None:
    tenant = await service.tenant()
    answer = await tenant.client.patch(f"/v1/organizations/{tenant.organization.id}", json=fields)
    assert answer.status_code == 400, answer.text


async def test_an_organization_has_bounds_and_defaults_and_null_gives_the_defaults_back(service: LinksService) -> None:
    tenant, other = await service.tenant(), await service.tenant()
    url = f"/v1/organizations/{tenant.organization.id}"
    before = (await tenant.client.get(url)).json()
    theirs = (await other.client.get("/v1/organizations/current")).json()
    assert before["merchant_id"] not in {theirs["merchant_id"], before["id"]}
    wanted: dict[str, Any] = {
        "payment_bounds": {"USD": {"min_minor": 100, "max_minor": 5_000}, "RWF": {"min_minor": 1, "max_minor": None}},
        "tax_mode": "inclusive",
        "default_methods": ["bank_transfer", "card"],
        "default_providers": ["sandbox"],
        "link_lifetime_seconds": 3_600,
        "redirect_origins": ["https://shop.example.com", "https://shop.example.com:8443"],
        "checkout_url": "https://pay.kampala.example",
    }
    changed = (await tenant.client.patch(url, json=wanted)).json()
    assert {name: changed[name] for name in wanted} == wanted
    assert (await tenant.client.get(url)).json() == changed
    cleared = (await tenant.client.patch(url, json=dict.fromkeys(wanted.keys() - {"tax_mode"}))).json()
    assert {name: cleared[name] for name in wanted} == {name: before[name] for name in wanted} | {
        "tax_mode": "inclusive"
    }
    assert cleared["merchant_id"] == before["merchant_id"]


async def test_the_fact_of_a_changed_organization_says_how_buyers_see_it_now(service: LinksService) -> None:
    tenant = await service.tenant()
    url = f"/v1/organizations/{tenant.organization.id}"
    await tenant.client.patch(url, json={"name": "Kigali Coffee", "color": "#112233", "locale": "rw"})
    kind, fact = (await service.facts())[-1]
    assert (kind, fact["revision"]) == ("links.organization.updated", 2)
    assert (fact["merchant"]["name"], fact["merchant"]["color"], fact["merchant"]["locale"]) == (
        "Kigali Coffee",
        "#112233",
        "rw",
    )


async def test_the_fact_of_a_link_tells_its_own_branding_from_that_of_its_organization(service: LinksService) -> None:
    tenant = await service.tenant()
    url = f"/v1/organizations/{tenant.organization.id}"
    await tenant.client.patch(url, json={"color": "#112233"})
    await tenant.make(branding={"logo_url": "https://a.example.com/own.png"})
    link = (await service.facts())[-1][1]["link"]
    assert (link["merchant"]["color"], link["merchant"]["logo_url"]) == ("#112233", "https://a.example.com/own.png")
    assert link["branding"] == {"color": None, "logo_url": "https://a.example.com/own.png"}
    assert link["merchant_revision"] == 2


async def test_keys_and_products_page_like_links(service: LinksService) -> None:
    tenant = await service.tenant()
    products = [(await tenant.product())["id"] for _ in range(3)]
    for _ in range(2):
        await tenant.client.post("/v1/api-keys", json={"name": "x", "scopes": ["links:read"]})
    for path, count in (("/v1/products", 3), ("/v1/api-keys", 3)):
        first = (await tenant.client.get(path, params={"limit": 2})).json()
        rest = (await tenant.client.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        ids = [one["id"] for one in first["data"] + rest["data"]]
        assert (len(set(ids)), rest["has_more"]) == (count, False)
        assert path != "/v1/products" or ids == products[::-1]


async def test_a_product_is_patched_and_archived(service: LinksService) -> None:
    tenant = await service.tenant()
    product = await tenant.product(description="old", metadata={"a": "1"})
    assert product["digital_id"].startswith("prod_0")
    url = f"/v1/products/{product['id']}"
    changed = await tenant.client.patch(url, json={"description": None}, headers={"If-Match": '"1"'})
    assert (changed.json()["description"], changed.json()["metadata"], changed.headers["etag"]) == (
        None,
        {"a": "1"},
        '"2"',
    )
    assert (await tenant.client.patch(url, json={"name": "x"}, headers={"If-Match": '"1"'})).status_code == 412
    assert (await tenant.client.delete(url)).json()["active"] is False
    assert (await tenant.client.get("/v1/products?active=true")).json()["data"] == []
    assert len((await tenant.client.get("/v1/products?active=false")).json()["data"]) == 1
    assert (await tenant.client.patch(url, json={"active": True})).json()["active"] is True
    assert (await tenant.client.get("/v1/products?active=maybe")).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "4242424242424242"},
        {"price": {"amount_minor": 2**70, "currency": "UGX"}},
        {"price": {"amount_minor": 5, "currency": "XXZ"}},
        {"price": None},
        {"image_url": "http://a.example.com/x.png"},
        {"active": True},
    ],
)
async def test_a_product_refuses_what_it_cannot_be(service: LinksService, fields: dict[str, Any]) -> None:
    tenant = await service.tenant()
    body = {"name": "x", "price": {"amount_minor": 5, "currency": "UGX"}} | fields
    assert (await tenant.client.post("/v1/products", json=body)).status_code == 400


async def test_money_is_the_same_on_a_link_and_a_product(service: LinksService) -> None:
    tenant = await service.tenant()
    assert (await tenant.product())["price"] == {"amount_minor": 50_000, "currency": "UGX"}
    assert (await tenant.make())["pricing"] == FIXED
