"""An address that was given out stays its owner's: nobody else ever gets the slug, and it goes on leading there."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.links import app
from services.links.dialects.native.batch_rows import draft_of_row
from services.links.use_cases.read_links import find_for_checkout
from services.links.use_cases.run_batches import Batches
from shared.contracts.links import FindLink, LinkFound, LinkMissing
from shared.kernel.ids import new_id
from shared.runtime.migrate import migrate
from tests.conftest import Database
from tests.support.bus import until
from tests.support.links import FIXED, ROOT, LinksService, Tenant

BODY = {"title": "Invoice #123", "pricing": FIXED}


@pytest.fixture
async def stranger(service: LinksService) -> Tenant:
    return await service.tenant()


async def patched(tenant: Tenant, link: dict[str, Any], **fields: Any) -> httpx.Response:
    return await tenant.client.patch(f"{ROOT}/{link['id']}", json=fields)


async def posted(tenant: Tenant, **fields: Any) -> httpx.Response:
    return await tenant.client.post(ROOT, json=BODY | fields)


async def moved(tenant: Tenant, before: str, after: str) -> dict[str, Any]:
    """A link that was at `before` and is at `after`."""
    answer = await patched(tenant, await tenant.make(slug=before), slug=after)
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_taken(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json().get("code")) == (409, "slug_taken")


async def led_to(service: LinksService, slug: str) -> str | None:
    """The id of the link that checkout is told of."""
    found = await find_for_checkout(service.pg, FindLink(slug))
    return str(found.link.id) if isinstance(found, LinkFound) else None


async def test_a_slug_that_was_given_up_is_refused_to_every_other_organization(
    service: LinksService, shop: Tenant, stranger: Tenant
) -> None:
    await moved(shop, "tea", "coffee")
    other = await stranger.make(slug="theirs")
    for answer in (
        await posted(stranger, slug="tea"),
        await stranger.client.post(f"{ROOT}?dry_run=true", json=BODY | {"slug": "tea"}),
        await patched(stranger, other, slug="tea"),
        await stranger.client.patch(f"{ROOT}/{other['id']}?dry_run=true", json={"slug": "tea"}),
    ):
        assert is_taken(answer), answer.text
    assert (await stranger.read(other["id"]))["slug"] == "theirs"
    free = (await stranger.client.get(f"{ROOT}/slug-availability?slug=tea")).json()
    assert (free["available"], free["reason"]) == (False, "taken")
    made = await posted(stranger, title="Tea")
    assert (made.status_code, made.json()["slug"][:4]) == (201, "tea-"), "one that was generated gives way"
    batch = await stranger.client.post(
        f"{ROOT}/batches", json={"items": [BODY | {"slug": "tea"}, BODY | {"slug": "b"}]}
    )
    await Batches(service.pg, service.now, read=draft_of_row, wake=service.runtime.wake, test_mode=True).work()
    rows = (await stranger.client.get(f"{ROOT}/batches/{batch.json()['id']}/rows")).json()["data"]
    assert [row["state"] for row in rows] == ["failed", "created"]
    assert rows[0]["error"]["code"] == "slug_taken"


async def test_the_link_takes_its_own_slug_back_and_the_one_between_is_kept_too(
    service: LinksService, shop: Tenant, stranger: Tenant
) -> None:
    link = await moved(shop, "tea", "coffee")
    assert (await patched(shop, link, slug="tea")).status_code == 200
    assert is_taken(await posted(stranger, slug="coffee"))
    assert [await led_to(service, slug) for slug in ("tea", "coffee", "cocoa")] == [link["id"], link["id"], None]
    history = await service.pg.fetch("SELECT slug, since FROM former_slug ORDER BY slug")
    assert [row["slug"] for row in history] == ["coffee", "tea"]


async def test_another_link_of_the_organization_may_take_it_and_then_it_leads_there(
    service: LinksService, shop: Tenant, stranger: Tenant
) -> None:
    old = await moved(shop, "tea", "coffee")
    assert await led_to(service, "tea") == old["id"]
    assert (await shop.client.get(f"{ROOT}/slug-availability?slug=tea")).json()["available"]
    new = await shop.make(slug="tea")
    assert await led_to(service, "tea") == new["id"]
    assert (await patched(shop, new, slug="green-tea")).status_code == 200
    assert [await led_to(service, slug) for slug in ("tea", "coffee")] == [new["id"], old["id"]]
    assert is_taken(await posted(stranger, slug="tea"))
    third = await shop.make(slug="third")
    assert (await patched(shop, third, slug="tea")).status_code == 200
    assert await led_to(service, "tea") == third["id"]


async def test_a_test_link_never_takes_what_was_a_live_links(service: LinksService, shop: Tenant) -> None:
    live = await service.tenant(livemode=True, of=shop.organization)
    await moved(live, "tea", "coffee")
    await moved(shop, "try-tea", "try-coffee")
    assert is_taken(await posted(shop, slug="tea"))
    assert is_taken(await patched(shop, await shop.make(), slug="tea"))
    assert (await live.make(slug="try-tea"))["livemode"], "what was only tried becomes real"


@pytest.mark.parametrize("verb", ["archive", "delete"])
async def test_a_link_that_has_ended_keeps_its_former_slugs(
    service: LinksService, shop: Tenant, stranger: Tenant, verb: str
) -> None:
    link = await moved(shop, "tea", "coffee")
    url = f"{ROOT}/{link['id']}"
    ended = await (shop.client.delete(url) if verb == "delete" else shop.client.post(f"{url}/archive"))
    assert ended.status_code < 300, ended.text
    assert is_taken(await posted(stranger, slug="tea"))
    found = await find_for_checkout(service.pg, FindLink("tea"))
    assert isinstance(found, LinkFound)
    assert (found.link.slug, found.link.ended_at is not None) == ("coffee", True)
    assert isinstance(await find_for_checkout(service.pg, FindLink("te")), LinkMissing)


async def blocked(service: LinksService) -> None:
    """Until somebody waits for a lock."""

    async def waits() -> bool:
        return await service.pg.fetchval(_SOMEBODY_WAITS)

    await until(waits, seconds=5, what="somebody waits for the slug")


@pytest.mark.parametrize("how", ["create", "patch"])
async def test_who_waits_for_a_slug_while_it_is_given_up_does_not_get_it(
    service: LinksService, shop: Tenant, stranger: Tenant, how: str
) -> None:
    """The statement that waits began when the slug was not given up yet."""
    link = await shop.make(slug="tea")
    other = await stranger.make(slug="theirs")
    async with service.pg.transaction() as tx:
        await tx.execute("UPDATE link SET slug = 'coffee' WHERE id = $1", UUID(link["id"]))
        asked = posted(stranger, slug="tea") if how == "create" else patched(stranger, other, slug="tea")
        waiting = asyncio.ensure_future(asked)
        await blocked(service)
    assert is_taken(await waiting)
    assert await led_to(service, "tea") == link["id"]


async def test_of_many_who_ask_while_it_is_given_up_only_one_of_the_organization_gets_it(
    service: LinksService, shop: Tenant, stranger: Tenant
) -> None:
    """They go together in groups, and those who asked for something else are none the worse."""
    link = await shop.make(slug="tea")
    async with service.pg.transaction() as tx:
        await tx.execute("UPDATE link SET slug = 'coffee' WHERE id = $1", UUID(link["id"]))
        asked = [posted(tenant, slug="tea") for tenant in (stranger, shop, stranger, shop, stranger)]
        asked += [posted(stranger, slug=f"tea-{number}") for number in range(3)]
        waiting = asyncio.gather(*asked)
        await blocked(service)
    answers = await waiting
    assert [answer.status_code for answer in answers[:5:2]] == [409] * 3
    assert sorted(answer.status_code for answer in answers[1:5:2]) == [201, 409]
    assert [answer.status_code for answer in answers[5:]] == [201] * 3
    (made,) = [answer.json()["id"] for answer in answers[:5] if answer.status_code == 201]
    assert await led_to(service, "tea") == made


async def test_two_who_ask_for_a_former_slug_at_once_do_not_both_get_it(
    service: LinksService, shop: Tenant, stranger: Tenant
) -> None:
    link = await moved(shop, "tea", "coffee")
    other = await shop.make(slug="other")
    answers = await asyncio.gather(
        patched(shop, link, slug="tea"), patched(shop, other, slug="tea"), posted(stranger, slug="tea")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert is_taken(answers[2])


async def test_who_did_not_give_it_up_after_all_keeps_it(service: LinksService, shop: Tenant, stranger: Tenant) -> None:
    link = await shop.make(slug="tea")
    with pytest.raises(asyncpg.NotNullViolationError):
        await service.pg.execute("UPDATE link SET slug = 'coffee', title = NULL WHERE id = $1", UUID(link["id"]))
    assert is_taken(await posted(stranger, slug="tea"))
    assert (await stranger.make(slug="coffee"))["slug"] == "coffee"


async def test_what_history_knows_of_former_slugs_is_kept_from_the_upgrade_on(
    database: Database, tmp_path: Path
) -> None:
    for path in sorted(app.MIGRATIONS.glob("*.sql")):
        if path.name < "0014":
            shutil.copy(path, tmp_path)
    dsn = await database("links", tmp_path)
    connection = await asyncpg.connect(dsn)
    first, second, organization = new_id(), new_id(), new_id()
    try:
        for link, slug, before in ((first, "c", ["a", "b", "b"]), (second, "a2", ["c", "b2", "a2", "b"])):
            await connection.execute(_LINK, link, organization, slug)
            for revision, old in enumerate(before, 1):
                at = datetime(2026, 1, revision, tzinfo=UTC)
                await connection.execute(_REVISION, link, revision, old, at)
        await migrate(dsn, app.MIGRATIONS)
        rows = await connection.fetch("SELECT slug, link_id, org_id, since FROM former_slug ORDER BY slug")
    finally:
        await connection.close()
    assert [(row["slug"], row["link_id"], row["since"].day) for row in rows] == [
        ("a", first, 1),
        ("b", second, 4),
        ("b2", second, 2),
    ]
    assert {row["org_id"] for row in rows} == {organization}


_SOMEBODY_WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())
"""
_LINK = """
INSERT INTO link (id, org_id, livemode, slug, title, pricing, methods, providers, collect, branding, metadata,
                  late_payment_policy, revision, created_at, updated_at)
VALUES ($1, $2, false, $3, 'T', '{"type":"open"}', '{card}', '{}', '{}', '{}', '{}', 'accept', 9, now(), now())
"""
_REVISION = """
INSERT INTO link_revision (link_id, revision, document, change, changed_by, changed_at)
VALUES ($1, $2, jsonb_build_object('slug', $3::text), 'updated', 'key', $4)
"""
