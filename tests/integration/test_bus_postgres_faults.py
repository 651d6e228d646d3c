"""PostgreSQL may be killed or freeze: what was answered stays, what waits is told, and all goes on by itself."""

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.kernel.faults import Unavailable
from tests.support import bus, servers
from tests.support.bus import all_applied, assert_once_and_without_gaps, running, service, until
from tests.support.bus_service import MIGRATIONS
from tests.support.processes import Server
from tests.support.servers import Databases

LINKS = [uuid4() for _ in range(5)]


@pytest.fixture
async def own_postgres(tmp_path: Path) -> AsyncGenerator[Server, None]:
    server = await servers.start_postgres(tmp_path / "own", durable=True)
    yield server
    await server.stop()


async def test_pools_and_consumers_recover_when_postgres_is_killed(
    own_postgres: Server, nats_url: str, tmp_path: Path
) -> None:
    databases = Databases(own_postgres.url)
    dsns = {name: await databases.clone(f"bus_{name}", MIGRATIONS) for name in ("checkout", "links")}
    services = [service(name, dsn=dsn, nats_url=nats_url, folder=tmp_path) for name, dsn in dsns.items()]
    async with bus.pool(dsns["checkout"]) as writer, bus.pool(dsns["links"]) as reader, running(*services):
        committed: list[int] = []
        calm = asyncio.Event()

        async def keep_writing() -> None:
            number = 0
            while not calm.is_set():
                number += 1
                try:
                    await bus.write(writer, [number], LINKS)
                except Unavailable:
                    await asyncio.sleep(0.05)
                else:
                    committed.append(number)

        writing = asyncio.create_task(keep_writing())
        await asyncio.sleep(1)
        await own_postgres.kill()
        before = len(committed)
        await asyncio.sleep(1)
        await own_postgres.start()
        back = time.monotonic()

        async def writes_again() -> bool:
            return len(committed) > before

        await until(writes_again, seconds=10, what="the pool writes again")
        print(f"writes again {time.monotonic() - back:.1f} s after PostgreSQL came back")
        await asyncio.sleep(0.5)
        calm.set()
        await writing
        made = {row["number"] for row in await writer.fetch("SELECT number FROM made")}
        assert made >= set(committed)  # what was told as committed is there
        seconds = await all_applied(reader, len(made), seconds=10)
        print(f"{len(made)} facts, all applied {seconds:.1f} s after the last write")
        await assert_once_and_without_gaps(writer, reader)
        assert await reader.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_a_frozen_postgres_is_told_in_time_and_forgotten_when_it_thaws(
    own_postgres: Server, nats_url: str, tmp_path: Path
) -> None:
    dsn = await Databases(own_postgres.url).clone("bus_links", MIGRATIONS)
    links = service("links", dsn=dsn, nats_url=nats_url, folder=tmp_path)
    async with running(links), httpx.AsyncClient(timeout=20) as client:
        assert (await client.get(f"{links.url}/ready")).json()["postgres"] is True
        own_postgres.freeze()
        answers = [asyncio.create_task(client.get(f"{links.url}/ready")) for _ in range(20)]
        began = time.monotonic()
        while not all(answer.done() for answer in answers):
            asked = time.monotonic()
            assert (await client.get(f"{links.url}/health")).status_code == 200
            assert time.monotonic() - asked < 0.25, "the event loop stalled"
            await asyncio.sleep(0.05)
        print(f"all refused after {time.monotonic() - began:.1f} s")
        assert time.monotonic() - began < 8
        assert {answer.result().status_code for answer in answers} == {503}
        own_postgres.thaw()

        async def ready() -> bool:
            return (await client.get(f"{links.url}/ready")).status_code == 200

        seconds = await until(ready, seconds=10, what="ready again")
        print(f"ready again {seconds:.1f} s after the thaw")


async def test_a_wrong_value_is_no_outage_and_leaves_the_connection_clean(databases: Databases) -> None:
    dsn = await databases.clone("bus_links", MIGRATIONS)
    async with bus.pool(dsn) as postgres:
        with pytest.raises(asyncpg.DataError):
            await postgres.execute("INSERT INTO made VALUES ($1, $2)", 2**70, LINKS[0])

        async def take_too_long() -> None:
            async with asyncio.timeout(0.2), postgres.transaction() as tx:
                await tx.execute("INSERT INTO made VALUES (1, $1)", LINKS[0])
                await tx.execute("SELECT pg_sleep(5)")

        with pytest.raises(TimeoutError):
            await take_too_long()
        assert await postgres.fetchval("SELECT count(*) FROM made") == 0
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert await postgres.fetchval(idle) == 0
        assert await postgres.answers()
    await databases.drop(dsn)


async def test_a_call_that_was_cancelled_does_not_hold_up_the_closing_of_a_pool(own_postgres: Server) -> None:
    dsn = await Databases(own_postgres.url).clone("bus_links", MIGRATIONS)
    async with bus.pool(dsn) as postgres:
        await postgres.fetchval("SELECT 1")
        own_postgres.freeze()
        asking = asyncio.create_task(postgres.fetchval("SELECT 2"))
        await asyncio.sleep(0.1)
        asking.cancel()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    own_postgres.thaw()
    await asyncio.wait([asking])
    assert asking.cancelled()
