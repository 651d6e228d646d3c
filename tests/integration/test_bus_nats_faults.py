"""NATS may be killed, freeze, lose a consumer or all it has stored: nothing that committed is lost or done twice."""

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import nats
import pytest
from nats.js import JetStreamContext

from shared.runtime.postgres import Postgres
from tests.conftest import Database
from tests.support import bus, servers
from tests.support.bus import all_applied, assert_once_and_without_gaps, running, service, until
from tests.support.bus_service import MIGRATIONS
from tests.support.processes import Server

LINKS = [uuid4() for _ in range(5)]


@dataclass
class Pair:
    """A writer's and a reader's database with the service of each, and the NATS server between them."""

    writer: Postgres
    reader: Postgres
    checkout: Server
    links: Server
    nats: Server

    async def write(self, first: int, last: int) -> None:
        await bus.write(self.writer, range(first, last), LINKS, per_transaction=2)


@pytest.fixture
async def pair(database: Database, tmp_path: Path) -> AsyncGenerator[Pair, None]:
    server = await servers.start_nats(tmp_path)
    dsns = {name: await database(f"bus_{name}", MIGRATIONS) for name in ("checkout", "links")}
    checkout, links = (service(name, dsn=dsn, nats_url=server.url, folder=tmp_path) for name, dsn in dsns.items())
    try:
        async with bus.pool(dsns["checkout"]) as writer, bus.pool(dsns["links"]) as reader, running(checkout, links):
            yield Pair(writer, reader, checkout, links, server)
    finally:
        await server.stop()


async def test_nothing_is_lost_when_nats_is_killed_again_and_again_under_load(pair: Pair) -> None:
    written = 0
    calm = asyncio.Event()

    async def keep_writing() -> None:
        nonlocal written
        while not calm.is_set():
            await pair.write(written, written + 20)
            written += 20
            await asyncio.sleep(0.02)

    writing = asyncio.create_task(keep_writing())
    for kill in range(4):

        async def busy(facts: int = (kill + 1) * 130) -> bool:
            return written >= facts

        await until(busy, seconds=20, what="enough is written for another kill")
        await pair.nats.kill()
        await asyncio.sleep(0.3)
        await pair.nats.start()
    calm.set()
    await writing
    seconds = await all_applied(pair.reader, written, seconds=30)
    print(f"{written} facts, drained {seconds:.1f} s after the last kill")
    await assert_once_and_without_gaps(pair.writer, pair.reader)


async def test_a_frozen_nats_is_noticed_and_http_still_answers(pair: Pair) -> None:
    await pair.write(0, 50)
    await all_applied(pair.reader, 50, seconds=10)
    pair.nats.freeze()
    async with httpx.AsyncClient() as client:
        began = time.monotonic()
        slowest = 0.0

        async def noticed() -> bool:
            nonlocal slowest
            asked = time.monotonic()
            assert (await client.get(f"{pair.links.url}/health")).status_code == 200
            slowest = max(slowest, time.monotonic() - asked)
            return (await client.get(f"{pair.links.url}/ready")).status_code == 503

        await until(noticed, seconds=10, what="the freeze shows in /ready")
        print(f"freeze noticed after {time.monotonic() - began:.1f} s, slowest answer {slowest * 1000:.0f} ms")
        assert slowest < 3  # whoever waited for NATS would wait until the freeze shows, for over 5 s
        await pair.write(50, 100)
        assert "paylinks_outbox_waiting 50.0\n" in (await client.get(f"{pair.checkout.url}/metrics")).text
        pair.nats.thaw()
        seconds = await all_applied(pair.reader, 100, seconds=15)
        print(f"caught up {seconds:.1f} s after the thaw")

        async def told() -> bool:
            return "paylinks_outbox_waiting 0.0\n" in (await client.get(f"{pair.checkout.url}/metrics")).text

        await until(told, seconds=5, what="no fact waits any more")
    await assert_once_and_without_gaps(pair.writer, pair.reader)


async def test_a_lost_store_is_filled_again_from_the_outbox(pair: Pair) -> None:
    await pair.write(0, 300)
    await all_applied(pair.reader, 300, seconds=10)
    await pair.links.kill()
    await pair.write(300, 400)  # published, and never seen by links before the store is lost

    async def published() -> bool:
        return not await pair.writer.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")

    await until(published, seconds=10, what="the outbox is empty")
    before = await bus.applied(pair.reader)
    await pair.nats.kill()
    shutil.rmtree(_store(pair.nats))
    await pair.nats.start()
    await pair.links.start()
    seconds = await all_applied(pair.reader, 400, seconds=20)
    print(f"rebuilt {seconds:.1f} s after the restart")
    await assert_once_and_without_gaps(pair.writer, pair.reader)
    assert (await bus.applied(pair.reader))[: len(before)] == before
    async with _jetstream(pair.nats) as jetstream:
        assert (await jetstream.stream_info("CHECKOUT")).state.messages == 400


async def test_a_consumer_that_is_deleted_comes_back_without_a_gap(pair: Pair) -> None:
    await pair.write(0, 100)
    await all_applied(pair.reader, 100, seconds=10)
    async with _jetstream(pair.nats) as jetstream:
        await jetstream.delete_consumer("CHECKOUT", "links--count")
        await pair.write(100, 200)
        seconds = await all_applied(pair.reader, 200, seconds=15)
        print(f"back {seconds:.1f} s after the deletion")
        assert (await jetstream.consumer_info("CHECKOUT", "links--count")).name == "links--count"
    await assert_once_and_without_gaps(pair.writer, pair.reader)


async def test_a_stream_that_is_deleted_is_made_again_and_filled(pair: Pair) -> None:
    await pair.write(0, 100)
    await all_applied(pair.reader, 100, seconds=10)
    async with _jetstream(pair.nats) as jetstream:
        await jetstream.delete_stream("CHECKOUT")
        await pair.write(100, 150)
        await all_applied(pair.reader, 150, seconds=15)

        async def filled() -> bool:
            return (await jetstream.stream_info("CHECKOUT")).state.messages == 150

        # The reader has the old ones already, and does not wait for them.
        await until(filled, seconds=10, what="the stream is filled again")
    await assert_once_and_without_gaps(pair.writer, pair.reader)


@asynccontextmanager
async def _jetstream(server: Server) -> AsyncGenerator[JetStreamContext, None]:
    client = await nats.connect(server.url)
    try:
        yield client.jetstream()
    finally:
        await client.close()


def _store(server: Server) -> Path:
    return Path(server.program.environment["PAYLINKS_NATS_STORE"].strip('"'))
