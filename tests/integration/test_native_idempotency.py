import asyncio
from datetime import timedelta

import pytest

from tests.support.links import FIXED, ROOT, LinksService, Tenant

BODY = {"title": "Invoice #123", "pricing": FIXED}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_the_same_key_gives_the_same_answer(service: LinksService, shop: Tenant) -> None:
    first = await shop.client.post(ROOT, json=BODY, headers=keyed("a"))
    again = await shop.client.post(ROOT, json=BODY, headers=keyed("a"))
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await service.pg.fetchval("SELECT count(*) FROM link") == 1


async def test_of_twenty_at_once_with_one_key_one_makes_a_link(service: LinksService, shop: Tenant) -> None:
    answers = await asyncio.gather(*(shop.client.post(ROOT, json=BODY, headers=keyed("a")) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await service.pg.fetchval("SELECT count(*) FROM link") == 1
    assert [kind for kind, _ in await service.facts()].count("links.link.created") == 1


async def test_twenty_at_once_with_one_key_and_one_slug_all_get_the_link(service: LinksService, shop: Tenant) -> None:
    body = BODY | {"slug": "mine"}
    answers = await asyncio.gather(*(shop.client.post(ROOT, json=body, headers=keyed("a")) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert await service.pg.fetchval("SELECT count(*) FROM link") == 1


async def test_another_body_with_the_key_is_refused(shop: Tenant) -> None:
    await shop.client.post(ROOT, json=BODY, headers=keyed("a"))
    answer = await shop.client.post(ROOT, json=BODY | {"title": "Other"}, headers=keyed("a"))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")


async def test_a_refusal_does_not_use_up_the_key(service: LinksService, shop: Tenant) -> None:
    await shop.make(slug="taken")
    refused = await shop.client.post(ROOT, json=BODY | {"slug": "taken"}, headers=keyed("a"))
    assert refused.status_code == 409
    assert await service.pg.fetchval("SELECT count(*) FROM idempotency") == 0
    assert (await shop.client.post(ROOT, json=BODY | {"slug": "free"}, headers=keyed("a"))).status_code == 201


async def test_keys_of_organizations_and_modes_are_apart(service: LinksService, shop: Tenant) -> None:
    live = await service.tenant(livemode=True, of=shop.organization)
    other = await service.tenant()
    ids = {(await one.client.post(ROOT, json=BODY, headers=keyed("a"))).json()["id"] for one in (shop, live, other)}
    assert len(ids) == 3


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "caf\u00e9", " a"])
async def test_a_key_that_cannot_be_one_is_refused(shop: Tenant, key: str) -> None:
    answer = await shop.client.post(ROOT, json=BODY, headers={"Idempotency-Key": key.encode("latin-1")})
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


async def test_pausing_twice_with_one_key_answers_as_it_did_then(shop: Tenant) -> None:
    link = await shop.make()
    url = f"{ROOT}/{link['id']}"
    paused = await shop.client.post(f"{url}/pause", headers=keyed("p"))
    await shop.client.post(f"{url}/resume", headers=keyed("r"))
    again = await shop.client.post(f"{url}/pause", headers=keyed("p"))
    assert again.content == paused.content
    assert (await shop.read(link["id"]))["state"] == "active"


async def test_one_key_moves_one_link_only(shop: Tenant) -> None:
    one, other = await shop.make(), await shop.make()
    await shop.client.post(f"{ROOT}/{one['id']}/pause", headers=keyed("p"))
    answer = await shop.client.post(f"{ROOT}/{other['id']}/pause", headers=keyed("p"))
    assert answer.status_code == 422
    assert (await shop.read(other["id"]))["state"] == "active"


async def test_products_are_made_once(service: LinksService, shop: Tenant) -> None:
    body = {"name": "Coffee", "price": {"amount_minor": 5, "currency": "UGX"}}
    answers = await asyncio.gather(
        *(shop.client.post("/v1/products", json=body, headers=keyed("a")) for _ in range(20))
    )
    assert len({answer.content for answer in answers}) == 1
    assert await service.pg.fetchval("SELECT count(*) FROM product") == 1


async def test_a_key_that_is_made_again_shows_the_same_secret_which_is_stored_sealed(
    service: LinksService, shop: Tenant
) -> None:
    body = {"name": "Web shop", "scopes": ["links:read"]}
    first = await shop.client.post("/v1/api-keys", json=body, headers=keyed("a"))
    again = await shop.client.post("/v1/api-keys", json=body, headers=keyed("a"))
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    kept = await service.pg.fetchval("SELECT body FROM idempotency WHERE key = 'a'")
    assert first.json()["secret"].encode() not in kept
    rotate = f"/v1/api-keys/{first.json()['id']}/rotate"
    rotated = await shop.client.post(rotate, headers=keyed("b"))
    assert (await shop.client.post(rotate, headers=keyed("b"))).json() == rotated.json()


async def test_a_link_made_again_after_its_expiry_has_passed_still_gets_its_answer(
    service: LinksService, shop: Tenant
) -> None:
    body = BODY | {"expires_at": (service.now() + timedelta(minutes=1)).isoformat()}
    first = await shop.client.post(ROOT, json=body, headers=keyed("a"))
    service.ahead = timedelta(minutes=5)
    again = await shop.client.post(ROOT, json=body, headers=keyed("a"))
    assert (again.status_code, again.content) == (201, first.content)
