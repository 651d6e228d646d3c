import asyncio
from typing import Any

import pytest

from tests.support.links import FIXED, PUBLIC_URL, ROOT, LinksService, Tenant


async def test_the_example_of_the_readme_makes_a_link(shop: Tenant) -> None:
    answer = await shop.client.post(
        ROOT,
        json={
            "title": "Invoice #123",
            "pricing": FIXED,
            "slug": "invoice-123",
            "methods": ["card", "mobile_money"],
            "uses_max": 2,
            "expires_at": "2057-12-31T23:59:59Z",
        },
    )
    link = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert link["url"] == f"{PUBLIC_URL}/checkout/invoice-123"
    assert link["state"] == "active"
    assert link["uses"] == {"max": 2, "used": 0, "held": 0, "remaining": 2}
    assert link["pricing"] == FIXED
    assert link["expires_at"] == "2057-12-31T23:59:59Z"
    assert link["revision"] == 1
    assert await shop.read(link["id"]) == link


async def test_making_a_link_announces_it_whole_and_without_what_is_private(
    service: LinksService, shop: Tenant
) -> None:
    link = await shop.make(private_note="Owes us since May", metadata={"order": "7"})
    kind, data = (await service.facts())[-1]
    assert kind == "links.link.created"
    assert data["link"]["slug"] == link["slug"]
    assert data["link"]["merchant"]["name"] == "Kampala Coffee"
    assert "Owes us" not in str(data)
    assert "metadata" not in data["link"]


async def test_every_field_comes_back_as_it_was_given(shop: Tenant) -> None:
    given = {
        "title": "Café & crème",
        "description": "Two\nlines",
        "private_note": "for us",
        "uses_max": 10**9,
        "starts_at": "2050-01-01T00:00:00Z",
        "expires_at": "2051-01-01T00:00:00Z",
        "methods": ["ussd", "bank_transfer"],
        "providers": ["sandbox"],
        "collect": {"email": "required", "name": "no", "phone": "optional", "address": "required"},
        "success_url": "https://shop.example.com/thanks?a=1",
        "cancel_url": "http://127.0.0.1:3000/back",
        "branding": {"color": "#0a7d4f", "logo_url": "https://cdn.example.com/logo.png"},
        "metadata": {"order": "7", "clé": "valeur"},
        "late_payment_policy": "review",
    }
    link = await shop.make(**given)
    assert {name: link[name] for name in given if name != "uses_max"} == {
        k: v for k, v in given.items() if k != "uses_max"
    }
    assert link["uses"]["max"] == 10**9
    assert link["state"] == "scheduled"


@pytest.mark.parametrize(
    "pricing",
    [
        {"type": "flexible", "currency": "UGX", "min_minor": 1000, "max_minor": None},
        {"type": "open", "currency": "RWF"},
        {"type": "open", "currency": None},
    ],
)
async def test_pricing_that_the_buyer_chooses_comes_back(shop: Tenant, pricing: dict[str, Any]) -> None:
    assert (await shop.make(pricing=pricing))["pricing"] == pricing


async def test_a_product_link_keeps_the_price_that_it_was_made_with(shop: Tenant) -> None:
    product = await shop.product()
    link = await shop.make(pricing={"type": "product", "product_id": product["id"]})
    await shop.client.patch(
        f"/v1/products/{product['id']}", json={"price": {"amount_minor": 60_000, "currency": "UGX"}}
    )
    expected = {
        "type": "product",
        "product_id": product["id"],
        "name": "Coffee",
        "amount_minor": 50_000,
        "currency": "UGX",
    }
    assert (await shop.read(link["id"]))["pricing"] == expected


async def test_an_archived_product_makes_no_new_links(shop: Tenant) -> None:
    product = await shop.product()
    await shop.client.delete(f"/v1/products/{product['id']}")
    pricing = {"type": "product", "product_id": product["id"]}
    answer = await shop.client.post(ROOT, json={"title": "x", "pricing": pricing})
    assert (answer.status_code, answer.json()["code"]) == (409, "product_archived")


async def test_a_slug_is_made_from_the_title_and_gives_way(shop: Tenant) -> None:
    first, second, third = [await shop.make(title="Invoice #123: café") for _ in range(3)]
    assert first["slug"] == "invoice-123-cafe"
    assert second["slug"].startswith("invoice-123-cafe-")
    assert len({first["slug"], second["slug"], third["slug"]}) == 3
    assert (await shop.make(title="支払い"))["slug"].startswith("pay-")


async def test_a_slug_that_is_taken_is_refused_even_by_another_organization(
    service: LinksService, shop: Tenant
) -> None:
    await shop.make(slug="mine")
    other = await service.tenant()
    answer = await other.client.post(ROOT, json={"title": "x", "pricing": FIXED, "slug": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (409, "slug_taken")


async def test_of_twenty_who_want_one_slug_exactly_one_gets_it(service: LinksService, shop: Tenant) -> None:
    body = {"title": "x", "pricing": FIXED, "slug": "the-one"}
    answers = await asyncio.gather(*(shop.client.post(ROOT, json=body) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert [kind for kind, _ in await service.facts()].count("links.link.created") == 1


async def test_of_twenty_generated_slugs_all_are_their_own(shop: Tenant) -> None:
    made = await asyncio.gather(*(shop.make(title="Same title") for _ in range(20)))
    assert len({link["slug"] for link in made}) == 20


async def test_the_organization_says_how_its_links_are_paid_where_they_do_not(shop: Tenant) -> None:
    mine = f"/v1/organizations/{shop.organization.id}"
    earlier = await shop.make(methods=["card"])
    assert (await shop.client.patch(mine, json={"default_methods": ["ussd"]})).status_code == 200
    assert (await shop.make())["methods"] == ["ussd"]
    assert (await shop.make(methods=["bank_transfer"]))["methods"] == ["bank_transfer"]
    assert (await shop.read(earlier["id"]))["methods"] == ["card"]
    cleared = await shop.client.patch(f"{ROOT}/{earlier['id']}", json={"methods": None})
    assert cleared.json()["methods"] == ["ussd"]
