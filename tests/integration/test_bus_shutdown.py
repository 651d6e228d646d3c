"""A service that is told to stop finishes what it has begun, gives back the rest, and ends within 5 s."""

import asyncio
import os
import signal
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Database
from tests.support import bus, servers
from tests.support.bus import all_applied, assert_once_and_without_gaps, running, service
from tests.support.bus_service import MIGRATIONS

LINKS = [uuid4()]
STOP_SECONDS_MAX = 5.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_request_under_way_is_answered_before_the_service_ends(
    number: signal.Signals, database: Database, nats_url: str, tmp_path: Path
) -> None:
    links = service("links", dsn=await database("bus_links", MIGRATIONS), nats_url=nats_url, folder=tmp_path)
    async with running(links), httpx.AsyncClient() as client:
        asked = asyncio.create_task(client.get(f"{links.url}/slow"))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        os.kill(links.pid, number)
        assert (await asked).text == "done"
        assert await asyncio.wait_for(links.exited(), STOP_SECONDS_MAX) == 0
        print(f"ended after {time.monotonic() - began:.1f} s")
        with pytest.raises(httpx.TransportError):
            await client.get(f"{links.url}/health")


async def test_a_rolling_restart_under_load_delays_nothing(database: Database, nats_url: str, tmp_path: Path) -> None:
    dsns = {name: await database(f"bus_{name}", MIGRATIONS) for name in ("checkout", "links")}
    checkout, links = (service(name, dsn=dsn, nats_url=nats_url, folder=tmp_path) for name, dsn in dsns.items())
    async with bus.pool(dsns["checkout"]) as writer, bus.pool(dsns["links"]) as reader, running(checkout, links):
        writing = asyncio.create_task(bus.write(writer, range(1500), LINKS))
        for server in (links, checkout, links):
            await asyncio.sleep(0.3)
            os.kill(server.pid, signal.SIGTERM)
            assert await asyncio.wait_for(server.exited(), STOP_SECONDS_MAX) == 0
            await server.start()
        await writing
        # Nothing waits for the 10 s after which the server gives up on a consumer that vanished.
        seconds = await all_applied(reader, 1500, seconds=8)
        print(f"all applied {seconds:.1f} s after the last write")
        await assert_once_and_without_gaps(writer, reader)


async def test_a_service_ends_in_time_although_nats_and_postgres_are_frozen(tmp_path: Path) -> None:
    nats = await servers.start_nats(tmp_path)
    postgres = await servers.start_postgres(tmp_path)
    dsn = await servers.Databases(postgres.url).clone("bus_links", MIGRATIONS)
    links = service("links", dsn=dsn, nats_url=nats.url, folder=tmp_path)
    try:
        async with running(links):
            await asyncio.sleep(0.5)
            nats.freeze()
            postgres.freeze()
            began = time.monotonic()
            os.kill(links.pid, signal.SIGTERM)
            assert await asyncio.wait_for(links.exited(), STOP_SECONDS_MAX) == 0
            print(f"ended after {time.monotonic() - began:.1f} s")
    finally:
        await nats.stop()
        await postgres.stop()
