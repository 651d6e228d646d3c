"""A process that dies at the worst moment changes nothing: what it began is done once, by it or by another."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import psutil

from shared.runtime.relay import BATCH
from tests.conftest import Database
from tests.support import bus, servers
from tests.support.bus import all_applied, assert_once_and_without_gaps, running, service
from tests.support.bus_service import MIGRATIONS
from tests.support.processes import Server
from tests.support.servers import Databases

FACTS = 2 * BATCH + 400
"""More than two rounds of the relay, however quickly they are written."""
LINKS = [uuid4() for _ in range(7)]


# Side by side, each with a NATS server of its own: two of them wait for the 10 s after which a delivery comes again.
async def test_facts_count_once_wherever_a_process_is_killed(databases: Databases, tmp_path: Path) -> None:
    await asyncio.gather(
        _killed_at("relay.taken:2", "checkout", databases, folder=tmp_path / "taken"),
        _killed_at("relay.published:2", "checkout", databases, folder=tmp_path / "published"),
        _killed_at("consumer.count.before-commit:2", "links", databases, folder=tmp_path / "before-commit"),
        _killed_at("consumer.count.before-ack:2", "links", databases, folder=tmp_path / "before-ack"),
    )


async def _killed_at(place: str, victim: str, databases: Databases, *, folder: Path) -> None:
    nats = await servers.start_nats(folder)
    dsns = {name: await databases.clone(f"bus_{name}", MIGRATIONS) for name in ("checkout", "links")}

    def make(name: str, crash: str = "") -> Server:
        return service(name, dsn=dsns[name], nats_url=nats.url, folder=folder, crash=crash)

    doomed, successor = make(victim, place), make(victim)
    other = make("links" if victim == "checkout" else "checkout")
    try:
        async with bus.pool(dsns["checkout"]) as writer, bus.pool(dsns["links"]) as reader, running(doomed, other):
            await bus.write(writer, range(FACTS), LINKS, per_transaction=10)
            assert await asyncio.wait_for(doomed.exited(), 20) == -9
            async with running(successor):
                seconds = await all_applied(reader, FACTS, seconds=20)
                print(f"{place}: all applied {seconds:.1f} s after the successor was up")
                await assert_once_and_without_gaps(writer, reader)
    finally:
        await nats.stop()
        for dsn in dsns.values():
            await databases.drop(dsn)


async def test_one_replica_relays_in_order_and_another_takes_over_when_it_is_killed(
    database: Database, nats_url: str, tmp_path: Path
) -> None:
    dsns = {name: await database(f"bus_{name}", MIGRATIONS) for name in ("checkout", "links")}
    replicas = [service("checkout", dsn=dsns["checkout"], nats_url=nats_url, folder=tmp_path) for _ in range(2)]
    reading = service("links", dsn=dsns["links"], nats_url=nats_url, folder=tmp_path)
    async with bus.pool(dsns["checkout"]) as writer, bus.pool(dsns["links"]) as reader, running(*replicas, reading):
        await bus.write(writer, range(300), LINKS, per_transaction=3)
        await all_applied(reader, 300, seconds=15)
        leader = await _leader(writer, replicas)
        writing = asyncio.create_task(bus.write(writer, range(300, 900), LINKS, per_transaction=3))
        await asyncio.sleep(0.2)
        await leader.kill()
        await writing
        seconds = await all_applied(reader, 900, seconds=10)
        print(f"all applied {seconds:.1f} s after the last write, with another leader")
        await assert_once_and_without_gaps(writer, reader)
        assert await _leader(writer, replicas) is not leader
        order = defaultdict(list)
        for row in await bus.applied(reader):
            order[row["link_id"]].append(row["sequence"])
        assert all(numbers == sorted(numbers) for numbers in order.values())


async def _leader(postgres: bus.Postgres, replicas: Sequence[Server]) -> Server:
    """The replica whose connection holds the relay's lock; there is never more than one."""
    rows = await postgres.fetch(
        "SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert len(rows) == 1
    alive = [replica for replica in replicas if replica.process is not None and replica.process.poll() is None]
    for replica in alive:
        ports = {link.laddr.port for link in psutil.Process(replica.pid).net_connections("tcp")}
        if rows[0]["client_port"] in ports:
            return replica
    raise AssertionError("the lock is held by nobody we know")
