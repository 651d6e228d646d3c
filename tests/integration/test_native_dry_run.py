from typing import Any

import pytest

from services.links.domain.keys import SCOPES
from tests.support.links import FIXED, ROOT, LinksService, Tenant

BODY = {"title": "Invoice #123", "pricing": FIXED}


async def written(service: LinksService) -> dict[str, Any]:
    tables = ("link", "link_uses", "link_revision", "outbox", "idempotency")
    return {table: await service.pg.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def test_a_dry_run_answers_the_link_that_would_be_and_writes_nothing(service: LinksService, shop: Tenant) -> None:
    before = await written(service)
    headers = {"Idempotency-Key": "once"}
    answer = await shop.client.post(f"{ROOT}?dry_run=true", json=BODY | {"slug": "tea"}, headers=headers)
    assert answer.status_code == 200
    would_be = answer.json()
    assert (would_be["slug"], would_be["state"], would_be["pricing"]) == ("tea", "active", FIXED)
    assert await written(service) == before
    assert (await shop.client.get(f"{ROOT}/{would_be['id']}")).status_code == 404
    real = await shop.client.post(ROOT, json=BODY | {"slug": "tea"}, headers=headers)
    assert (real.status_code, "idempotent-replayed" in real.headers) == (201, False)


@pytest.mark.parametrize(
    ("fields", "code", "status"),
    [
        ({"slug": "tea"}, "slug_taken", 409),
        ({"slug": "checkout"}, "invalid", 400),
        ({"pricing": {"type": "product", "product_id": "01932c06-5d1a-7f00-8a2b-3c4d5e6f7a8b"}}, "not_found", 404),
        ({"pricing": {"type": "fixed", "amount_minor": 1, "currency": "XXX"}}, "unknown_currency", 400),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid", 400),
    ],
)
async def test_a_dry_run_refuses_what_the_real_one_would(
    service: LinksService, shop: Tenant, fields: dict[str, Any], code: str, status: int
) -> None:
    await shop.make(slug="tea")
    before = await written(service)
    tried = await shop.client.post(f"{ROOT}?dry_run=true", json=BODY | fields)
    real = await shop.client.post(ROOT, json=BODY | fields)
    assert (tried.status_code, tried.json()["code"]) == (real.status_code, real.json()["code"]) == (status, code)
    assert await written(service) == before


async def test_a_generated_slug_gives_way_in_a_dry_run_too(shop: Tenant) -> None:
    taken = await shop.make()
    would_be = (await shop.client.post(f"{ROOT}?dry_run=true", json=BODY)).json()
    assert would_be["slug"].startswith(f"{taken['slug']}-")


async def test_a_patch_can_be_tried_without_changing_anything(service: LinksService, shop: Tenant) -> None:
    link, other = await shop.make(), await shop.make(slug="tea")
    before = await written(service)
    url = f"{ROOT}/{link['id']}?dry_run=true"
    answer = await shop.client.patch(url, json={"title": "New", "uses_max": 3})
    assert (answer.status_code, answer.json()["title"], answer.json()["uses"]["max"]) == (200, "New", 3)
    assert await shop.read(link["id"]) == link
    refused = await shop.client.patch(url, json={"slug": other["slug"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "slug_taken")
    same = await shop.client.patch(url, json={"slug": link["slug"]})
    assert same.status_code == 200
    stale = await shop.client.patch(url, json={"title": "New"}, headers={"If-Match": '"9"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "revision_mismatch")
    assert await written(service) == before


async def test_an_ended_or_foreign_link_refuses_to_be_tried(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    stranger = await service.tenant()
    url = f"{ROOT}/{link['id']}?dry_run=true"
    assert (await stranger.client.patch(url, json={"title": "New"})).status_code == 404
    await shop.client.delete(f"{ROOT}/{link['id']}")
    answer = await shop.client.patch(url, json={"title": "New"})
    assert (answer.status_code, answer.json()["code"]) == (409, "link_ended")


@pytest.mark.parametrize("query", ["dryrun=true", "dry_run=1", "dry_run=", "dry_run=true&dry_run=false", "x=1"])
async def test_a_misspelt_dry_run_is_refused_and_not_taken_for_the_real_thing(
    service: LinksService, shop: Tenant, query: str
) -> None:
    link = await shop.make()
    before = await written(service)
    for answer in (
        await shop.client.post(f"{ROOT}?{query}", json=BODY),
        await shop.client.patch(f"{ROOT}/{link['id']}?{query}", json={"title": "New"}),
        await shop.client.post(f"{ROOT}/{link['id']}/pause?{query}"),
        await shop.client.delete(f"{ROOT}/{link['id']}?{query}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert await written(service) == before


async def test_a_dry_run_needs_the_scope_of_the_real_thing(service: LinksService) -> None:
    reader = await service.tenant(scopes=tuple(scope for scope in SCOPES if scope != "links:write"))
    answer = await reader.client.post(f"{ROOT}?dry_run=true", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_null_gives_a_link_the_policy_of_its_organization_again(shop: Tenant) -> None:
    link = await shop.make(late_payment_policy="refund")
    answer = await shop.client.patch(f"{ROOT}/{link['id']}", json={"late_payment_policy": None})
    assert (answer.status_code, answer.json()["late_payment_policy"]) == (200, "accept")
    assert (await shop.make(late_payment_policy=None))["late_payment_policy"] == "accept"
