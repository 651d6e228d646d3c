"""Links that are asked for at the same time are written by one statement, and nobody notices."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from services.links.store import new_links
from services.links.store.new_links import NewLink, Outcome
from shared.kernel.ids import new_id
from shared.runtime.together import Together
from shared.runtime.tracing import continue_trace
from tests.support.bus import until
from tests.support.links import FIXED, ROOT, LinksService, Tenant

BODY = {"title": "Invoice #123", "pricing": FIXED}
LINGER_SECONDS = 0.05


class Crowd:
    """What is asked for while the gate is closed goes together, behind a first one that stands at the gate."""

    def __init__(self, service: LinksService, shop: Tenant) -> None:
        self._service = service
        self._shop = shop
        self._gate = asyncio.Event()
        self._at_the_gate = asyncio.Event()
        self.groups: list[int] = []
        together = Together("new-links", self._write, patience_seconds=60)
        surface = service.app.state.surface
        service.app.state.surface = msgspec.structs.replace(surface, new_links=together)
        self.together = together

    async def _write(self, new: Sequence[NewLink]) -> list[Outcome]:
        self._at_the_gate.set()
        await self._gate.wait()
        self.groups.append(len(new))
        return await new_links.insert_all(self._service.pg, new)

    def post(self, key: str | None = None, **fields: Any) -> "asyncio.Task[httpx.Response]":
        headers = {"Idempotency-Key": key} if key else {}
        return asyncio.ensure_future(self._shop.client.post(ROOT, json=BODY | fields, headers=headers))

    async def gather(self) -> None:
        """Sends the first one to the gate; what is posted from now on waits behind it."""
        self.first = self.post(title="First")
        await self._at_the_gate.wait()

    async def waits(self, count: int) -> None:
        async def wait() -> bool:
            return len(self.together._waiting) >= count

        await until(wait, seconds=5, what="so many wait")

    async def answers(self, *posted: "asyncio.Task[httpx.Response]") -> list[httpx.Response]:
        """Opens the gate once all of them wait."""
        await self.waits(len(posted))
        self._gate.set()
        assert (await self.first).status_code == 201
        return list(await asyncio.gather(*posted))


@pytest.fixture
async def crowd(service: LinksService, shop: Tenant) -> Crowd:
    crowd = Crowd(service, shop)
    await crowd.gather()
    return crowd


async def slugs(service: LinksService) -> list[str]:
    rows = await service.pg.fetch("SELECT slug FROM link WHERE title <> 'First' ORDER BY slug")
    return [row["slug"] for row in rows]


async def announced(service: LinksService) -> list[str]:
    created = [fact["link"] for kind, fact in await service.facts() if kind == "links.link.created"]
    return sorted(link["slug"] for link in created if link["title"] != "First")


async def test_ten_at_once_are_written_by_one_statement_each_with_its_own(service: LinksService, crowd: Crowd) -> None:
    posted = [crowd.post(slug=f"s-{n}", uses_max=n + 1, key=f"k-{n}" if n % 2 else None) for n in range(10)]
    answers = await crowd.answers(*posted)
    assert crowd.groups == [1, 10]
    for number, answer in enumerate(answers):
        made = answer.json()
        assert (answer.status_code, made["slug"], made["uses"]["max"]) == (201, f"s-{number}", number + 1)
        kept = await service.pg.fetchval("SELECT uses_max FROM link_uses WHERE link_id = $1", made["id"])
        assert kept == number + 1
    assert await announced(service) == await slugs(service) == [f"s-{number}" for number in range(10)]
    assert await service.pg.fetchval("SELECT count(*) FROM idempotency") == 5
    again = await asyncio.gather(*(crowd.post(slug=f"s-{n}", uses_max=n + 1, key=f"k-{n}") for n in (1, 3)))
    assert [answer.content for answer in again] == [answers[1].content, answers[3].content]


async def test_each_fact_belongs_to_the_trace_of_its_own_request(service: LinksService, crowd: Crowd) -> None:
    traces = {f"t-{number}": f"00-{number:032x}-00000000000000ff-01" for number in (1, 2)}
    posted = []
    for slug, trace in traces.items():
        continue_trace(trace)
        posted.append(crowd.post(slug=slug))  # in a copy of the present context, as every request has its own
    await crowd.answers(*posted)
    rows = await service.pg.fetch("SELECT slug, traceparent FROM outbox JOIN link ON link.id = link_id")
    assert traces.items() <= {row["slug"]: row["traceparent"] for row in rows}.items()


async def test_a_slug_that_is_taken_fails_alone(service: LinksService, shop: Tenant) -> None:
    await shop.make(slug="taken")
    crowd = Crowd(service, shop)
    await crowd.gather()
    posted = [crowd.post(slug=slug, key=slug) for slug in ("a", "b", "taken", "c", "d")]
    answers = await crowd.answers(*posted)
    assert [answer.status_code for answer in answers] == [201, 201, 409, 201, 201]
    assert answers[2].json()["code"] == "slug_taken"
    assert await announced(service) == await slugs(service) == ["a", "b", "c", "d", "taken"]
    keys = await service.pg.fetch("SELECT key FROM idempotency ORDER BY key")
    assert [row["key"] for row in keys] == ["a", "b", "c", "d"], "what was refused has not used up its key"
    assert crowd.groups == [1, 5], "the others were not taken apart"


async def test_of_two_with_one_slug_in_one_group_one_gets_it(service: LinksService, crowd: Crowd) -> None:
    answers = await crowd.answers(*(crowd.post(slug=slug) for slug in ("mine", "other", "mine")))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409]
    assert await announced(service) == await slugs(service) == ["mine", "other"]


async def test_generated_slugs_that_are_taken_give_way_by_themselves(service: LinksService, shop: Tenant) -> None:
    """Merchants call many links the same: that must neither fail the group nor take it apart."""
    await shop.make(title="Coffee")
    crowd = Crowd(service, shop)
    await crowd.gather()
    titles = ["Coffee", "Coffee", "Tea", "Tea", "Milk"]
    answers = await crowd.answers(*(crowd.post(title=title, key=str(n)) for n, title in enumerate(titles)))
    assert {answer.status_code for answer in answers} == {201}
    made = [answer.json()["slug"] for answer in answers]
    assert made[4] == "milk"
    assert min(made[2:4]) == "tea"
    assert all(slug.startswith("coffee-") for slug in made[:2])
    assert await announced(service) == await slugs(service) == sorted([*made, "coffee"])
    assert crowd.groups == [1, 5, 3], "those whose slug was taken went together once more"


async def test_of_one_key_in_one_group_one_makes_a_link_and_all_get_its_answer(
    service: LinksService, crowd: Crowd
) -> None:
    posted = [crowd.post(key="one"), crowd.post(), crowd.post(key="one"), crowd.post(key="one")]
    first, unkeyed, *again = await crowd.answers(*posted)
    assert {answer.status_code for answer in (first, unkeyed, *again)} == {201}
    assert {answer.content for answer in again} == {first.content}
    assert ["idempotent-replayed" in answer.headers for answer in (first, *again)] == [False, True, True]
    assert len(await slugs(service)) == len(await announced(service)) == 2
    assert unkeyed.json()["id"] != first.json()["id"]


async def test_of_one_key_and_two_bodies_in_one_group_the_second_is_refused(
    service: LinksService, crowd: Crowd
) -> None:
    first, second = await crowd.answers(crowd.post(key="one", slug="a"), crowd.post(key="one", slug="b"))
    assert (first.status_code, second.status_code) == (201, 422)
    assert second.json()["code"] == "idempotency_mismatch"
    assert await slugs(service) == ["a"]


async def test_a_key_that_was_used_before_makes_nothing_in_a_group(service: LinksService, shop: Tenant) -> None:
    before = await shop.client.post(ROOT, json=BODY | {"slug": "before"}, headers={"Idempotency-Key": "one"})
    crowd = Crowd(service, shop)
    await crowd.gather()
    again, other = await crowd.answers(crowd.post(key="one", slug="before"), crowd.post(slug="other"))
    assert (again.status_code, again.content) == (201, before.content)
    assert other.status_code == 201
    assert await announced(service) == await slugs(service) == ["before", "other"]


async def test_many_with_one_key_and_a_slug_that_is_taken_are_all_told_at_once(
    service: LinksService, shop: Tenant
) -> None:
    await shop.make(slug="taken")
    crowd = Crowd(service, shop)
    await crowd.gather()
    answers = await crowd.answers(*(crowd.post(key="one", slug="taken") for _ in range(5)))
    assert {answer.json()["code"] for answer in answers} == {"slug_taken"}
    assert crowd.groups == [1, 5]


async def test_who_stands_behind_a_key_that_was_used_is_tried_again(service: LinksService, shop: Tenant) -> None:
    """Its slug was let go since: nobody has it, and the one before it in the group gets none."""
    key = {"Idempotency-Key": "one"}
    before = await shop.client.post(ROOT, json=BODY | {"slug": "free"}, headers=key)
    renamed = await shop.client.patch(f"{ROOT}/{before.json()['id']}", json={"slug": "moved"})
    assert renamed.status_code == 200
    crowd = Crowd(service, shop)
    await crowd.gather()
    again, other = await crowd.answers(crowd.post(key="one", slug="free"), crowd.post(slug="free"))
    assert (again.content, other.status_code) == (before.content, 201)
    assert await slugs(service) == ["free", "moved"]


async def test_who_goes_away_leaves_the_others_alone(service: LinksService, crowd: Crowd) -> None:
    leaver, stayer = crowd.post(slug="gone"), crowd.post(slug="here")
    await crowd.waits(2)
    leaver.cancel()
    await asyncio.wait([leaver])
    (answer,) = await crowd.answers(stayer)
    assert answer.status_code == 201
    assert await slugs(service) == ["here"]


async def test_who_goes_away_while_it_is_written_gets_a_whole_link(service: LinksService, crowd: Crowd) -> None:
    crowd.first.cancel()
    await asyncio.wait([crowd.first])
    posted = crowd.post(slug="here")
    await crowd.waits(1)
    crowd._gate.set()
    assert (await posted).status_code == 201
    rows = await service.pg.fetch("SELECT id FROM link WHERE title = 'First'")
    for table in ("link_uses", "outbox"):
        found = await service.pg.fetchval(
            f"SELECT count(*) FROM {table} WHERE link_id = ANY($1)", [r["id"] for r in rows]
        )
        assert found == len(rows) == 1


async def test_a_group_whose_connection_is_cut_is_lost_whole_and_can_be_asked_for_again(
    service: LinksService, crowd: Crowd
) -> None:
    async with slug_held(service, "b") as other:
        posted = [crowd.post(slug=slug, key=slug) for slug in ("a", "b", "c")]
        answering = asyncio.ensure_future(crowd.answers(*posted))
        cut = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        await until(lambda: other.fetch(cut), seconds=3, what="the group waits for the slug")
        assert {answer.status_code for answer in await answering} == {503}
    assert await slugs(service) == await announced(service) == []
    again = await asyncio.gather(*(crowd.post(slug=slug, key=slug) for slug in ("a", "b", "c")))
    assert {answer.status_code for answer in again} == {201}
    assert await slugs(service) == await announced(service) == ["a", "b", "c"]


async def test_who_waits_for_a_slug_holds_up_nobody(service: LinksService, shop: Tenant) -> None:
    async with slug_held(service, "contested"):
        waiting = asyncio.ensure_future(shop.client.post(ROOT, json=BODY | {"slug": "contested"}))
        await asyncio.sleep(LINGER_SECONDS)
        async with asyncio.timeout(2):
            answers = [await shop.client.post(ROOT, json=BODY | {"slug": slug}) for slug in ("a", "b")]
        assert {answer.status_code for answer in answers} == {201}
        assert not waiting.done()
    assert (await waiting).status_code == 201
    assert await slugs(service) == ["a", "b", "contested"]


async def test_two_replicas_with_the_same_keys_in_another_order_do_not_lock_each_other_out(
    service: LinksService, crowd: Crowd
) -> None:
    posted = [crowd.post(key=f"k-{number}", slug=f"s-{number}") for number in range(20)]
    await crowd.waits(20)
    items = [waiter.item for waiter in crowd.together._waiting]
    for turn in range(5):
        ours = [_like(item, turn, "ours") for item in items]
        theirs = [_like(item, turn, "theirs") for item in reversed(items)]
        made = await asyncio.gather(*(new_links.insert_all(service.pg, group) for group in (ours, theirs)))
        outcomes = zip(made[0], reversed(made[1]), strict=True)
        assert [set(pair) for pair in outcomes] == [{"made", "known"}] * 20
    assert {answer.status_code for answer in await crowd.answers(*posted)} == {201}


def _like(item: NewLink, turn: int, whose: str) -> NewLink:
    assert item.once is not None
    return msgspec.structs.replace(
        item,
        link=msgspec.structs.replace(item.link, id=new_id(), slug=f"{item.link.slug}-{turn}-{whose}"),
        fact=(new_id(), *item.fact[1:]),
        once=msgspec.structs.replace(item.once, key=f"{item.once.key}-{turn}"),
    )


@asynccontextmanager
async def slug_held(service: LinksService, slug: str) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """Somebody else is about to have this slug, and in the end does not."""
    connection = await asyncpg.connect(service.runtime.settings.postgres_dsn)
    try:
        await connection.execute("BEGIN")
        await connection.execute(_ANY_LINK, slug)
        yield connection
        await connection.execute("ROLLBACK")
    finally:
        await connection.close()


_ANY_LINK = """
INSERT INTO link (id, org_id, livemode, slug, title, pricing, methods, providers, collect, branding, metadata,
                  late_payment_policy, revision, created_at, updated_at)
VALUES (uuidv7(), uuidv7(), false, $1, 'T', '{"type":"open"}', '{card}', '{}', '{}', '{}', '{}', 'accept', 1, now(),
        now())
"""
