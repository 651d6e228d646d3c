import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import nats
import pytest
from nats.errors import NoRespondersError
from nats.js.errors import NotFoundError

from services.links.store.feed import MARK_SENT
from services.links.use_cases.keep_feed import keep_feed, make_up_feed
from shared.contracts import envelope
from shared.contracts.catalogue import ABOUT_LINKS, EVENTS
from shared.contracts.checkout import SessionExpired
from shared.contracts.envelope import Received, type_of
from shared.contracts.subjects import event_subject
from shared.kernel.ids import new_id
from shared.kernel.moment import to_wire
from shared.kernel.money import Money
from shared.runtime.consumer import Consumer
from tests.support.bus import until
from tests.support.links import ROOT, LinksService, Tenant
from tests.support.links_process import links_process


async def polled(shop: Tenant, link_id: str, after_seq: int = 0) -> dict[str, Any]:
    answer = await shop.client.get(f"{ROOT}/{link_id}/events", params={"after_seq": str(after_seq), "limit": "7"})
    assert answer.status_code == 200, answer.text
    return answer.json()


class Reader:
    """Polls like a client, and sees a gap the moment it is there."""

    def __init__(self, shop: Tenant, link_ids: Sequence[str]) -> None:
        self.shop = shop
        self.seen: dict[str, list[dict[str, Any]]] = {link_id: [] for link_id in link_ids}

    @property
    def count(self) -> int:
        return sum(map(len, self.seen.values()))

    async def until(self, count: int, *, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while self.count < count:
                for link_id, seen in self.seen.items():
                    page = await polled(self.shop, link_id, len(seen))
                    seen.extend(page["data"])
                    assert [one["seq"] for one in seen] == list(range(1, len(seen) + 1))
                    assert page["last_seq"] == len(seen)
                await asyncio.sleep(0.01)


def fact(shop: Tenant, link_id: str) -> Received:
    event = SessionExpired(
        org_id=shop.organization.id, link_id=UUID(link_id), session_id=new_id(), total=Money(1, "UGX")
    )
    return Received(new_id(), type_of(SessionExpired), datetime.now(UTC), None, None, event)


def consumer(service: LinksService) -> Consumer:
    return Consumer(
        "feed",
        broker=service.runtime.broker,
        postgres=service.pg,
        events=[SessionExpired],
        handler=keep_feed,
    )


async def test_readers_see_no_gap_while_facts_come_twice_from_many_sides_at_once(
    service: LinksService, shop: Tenant
) -> None:
    links = [(await shop.make())["id"] for _ in range(4)]
    facts = [fact(shop, random.choice(links)) for _ in range(400)]
    batches: list[list[Received]] = []
    for _ in range(3):
        shuffled = random.sample(facts, len(facts))
        batches += [shuffled[place : place + 23] for place in range(0, len(shuffled), 23)]
    replicas = [consumer(service) for _ in range(5)]

    async def work(replica: Consumer) -> None:
        while batches:
            await replica.take(batches.pop())

    reader = Reader(shop, links)
    await asyncio.gather(reader.until(len(facts), seconds=60), *(work(replica) for replica in replicas))
    assert Counter(one["id"] for seen in reader.seen.values() for one in seen) == Counter(str(one.id) for one in facts)


async def test_a_fact_whose_inbox_row_was_forgotten_still_counts_once(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    one, other = fact(shop, link["id"]), fact(shop, link["id"])
    await consumer(service).take([one])
    await service.pg.execute("DELETE FROM inbox")
    await consumer(service).take([one, other])
    found = await polled(shop, link["id"])
    assert [(entry["seq"], entry["id"]) for entry in found["data"]] == [(1, str(one.id)), (2, str(other.id))]
    assert (found["last_seq"], found["has_more"]) == (2, False)
    assert found["data"][0]["data"]["session_id"] == str(one.event.session_id)  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", ["consumer.feed.before-commit:2", "consumer.feed.before-ack:2", "relay.published:3"])
async def test_a_feed_has_every_fact_once_wherever_the_service_is_killed(
    service: LinksService, shop: Tenant, nats_url: str, tmp_path: Path, place: str
) -> None:
    dsn = str(service.runtime.settings.postgres_dsn)
    links = [(await shop.make())["id"] for _ in range(5)]
    doomed = links_process(dsn, nats_url=nats_url, folder=tmp_path, crash=place)
    successor = links_process(dsn, nats_url=nats_url, folder=tmp_path)
    await doomed.start()
    connection = await nats.connect(nats_url)
    reader = Reader(shop, links)
    wanted = 5 + 5 * 10 + 60
    reading = asyncio.create_task(reader.until(wanted, seconds=60))
    try:
        await _stream_is_there(connection)
        publishing = asyncio.create_task(_publish(connection, shop, links))
        for number in range(10):
            for link_id in links:
                answer = await shop.client.patch(f"{ROOT}/{link_id}", json={"title": f"Invoice {number}"})
                assert answer.status_code == 200
            await asyncio.sleep(0.1)
        await publishing
        assert await asyncio.wait_for(doomed.exited(), 20) == -9
        await successor.start()
        await reading
        types = Counter(one["type"] for seen in reader.seen.values() for one in seen)
        assert types == {"links.link.created": 5, "links.link.updated": 50, "checkout.session.expired": 60}
        assert await service.pg.fetchval("SELECT count(*) FROM link_feed") == wanted
    finally:
        reading.cancel()
        await connection.close()
        await successor.stop()
        await doomed.stop()


async def _publish_as_before(service: LinksService) -> None:
    """What a relay did that knew nothing of the feed."""
    await service.pg.execute("UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")


async def test_what_an_older_version_published_beside_this_one_is_made_up_for(
    service: LinksService, shop: Tenant
) -> None:
    link = await shop.make()
    await shop.client.patch(f"{ROOT}/{link['id']}", json={"title": "Invoice #124"})
    await _publish_as_before(service)
    for _ in range(2):
        await make_up_feed(service.pg, since=datetime.now(UTC) - timedelta(minutes=1))
        entries = (await polled(shop, link["id"]))["data"]
        assert [(one["seq"], one["type"]) for one in entries] == [(1, "links.link.created"), (2, "links.link.updated")]
    assert [one["data"]["link"]["title"] for one in entries] == ["Invoice #123", "Invoice #124"]


async def test_facts_are_fed_as_they_are_marked_and_once_however_often_they_are_published(
    service: LinksService, shop: Tenant
) -> None:
    links = [await shop.make() for _ in range(3)]
    await shop.client.patch(f"{ROOT}/{links[0]['id']}", json={"title": "Invoice #124"})
    for _ in range(2):
        positions = [row["position"] for row in await service.pg.fetch("SELECT position FROM outbox")]
        await service.pg.execute(MARK_SENT, positions, datetime.now(UTC))
        assert not await service.pg.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
        found = [[one["type"] for one in (await polled(shop, link["id"]))["data"]] for link in links]
        assert found == [["links.link.created", "links.link.updated"], ["links.link.created"], ["links.link.created"]]
        await service.pg.execute("UPDATE outbox SET sent_at = NULL")  # as after a stream was lost


async def test_a_fact_that_no_feed_can_hold_stops_no_other(
    service: LinksService, shop: Tenant, nats_url: str, tmp_path: Path
) -> None:
    link, other = await shop.make(), await shop.make()
    process = links_process(str(service.runtime.settings.postgres_dsn), nats_url=nats_url, folder=tmp_path)
    bad = json.dumps({"org_id": str(shop.organization.id), "title": "\0"}).encode()
    await service.pg.execute("UPDATE outbox SET data = $1 WHERE link_id = $2", bad, UUID(link["id"]))
    await process.start()
    try:
        await Reader(shop, [other["id"]]).until(1, seconds=20)

        async def all_sent() -> bool:
            return not await service.pg.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")

        await until(all_sent, seconds=20, what="every fact published")
        assert not (await polled(shop, link["id"]))["data"]
    finally:
        await process.stop()


async def test_what_is_fed_when_it_is_published_is_what_links_says_of_a_link(service: LinksService) -> None:
    names = {name for name, event in EVENTS.items() if event.owner == "links"}
    statement = "SELECT name FROM unnest($1::text[]) AS name WHERE name LIKE 'links.link.%' OR name LIKE 'links.use.%'"
    fed = {row["name"] for row in await service.pg.fetch(statement, sorted(names))}
    assert "(type LIKE 'links.link.%' OR type LIKE 'links.use.%')" in MARK_SENT
    assert fed == {type_of(event) for event in ABOUT_LINKS if event.owner == "links"}


async def _stream_is_there(connection: Any) -> None:
    """A service that answers over HTTP may still be making the streams."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(NoRespondersError, NotFoundError):
                await connection.jetstream().find_stream_name_by_subject(event_subject(SessionExpired, new_id()))
                return
            await asyncio.sleep(0.05)


async def _publish(connection: Any, shop: Tenant, links: Sequence[str]) -> None:
    """Every fact twice, as a relay that died before it noted what it had sent; NATS takes both for new ones."""
    stream = connection.jetstream()
    for number in range(60):
        one = fact(shop, links[number % len(links)])
        headers = {
            envelope.ID: str(one.id),
            envelope.TYPE: one.type,
            envelope.SOURCE: "checkout",
            envelope.SPECVERSION: "1.0",
            envelope.TIME: to_wire(one.at),
        }
        subject, body = event_subject(SessionExpired, one.event.org_id), msgspec.json.encode(one.event)
        for _ in range(2):
            await stream.publish(subject, body, headers=headers)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("query", ["after_seq=-1", "after_seq=x", "after_seq=", "limit=0", "limit=101", "cursor=x"])
async def test_a_feed_refuses_what_it_does_not_know(shop: Tenant, query: str) -> None:
    link = await shop.make()
    answer = await shop.client.get(f"{ROOT}/{link['id']}/events?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_a_foreign_feed_is_a_404(service: LinksService, shop: Tenant) -> None:
    link, stranger = await shop.make(), await service.tenant()
    assert (await stranger.client.get(f"{ROOT}/{link['id']}/events")).status_code == 404


def test_no_feed_holds_what_a_stranger_typed_or_what_is_about_no_link() -> None:
    assert {event.entity for event in ABOUT_LINKS}.isdisjoint({"otp", "organization"})
