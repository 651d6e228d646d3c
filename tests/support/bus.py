"""Writing facts and watching what becomes of them."""

import asyncio
import base64
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from deploy.local.probes import http_answers
from deploy.local.program import Program
from shared.contracts.checkout import SessionAbandoned
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from shared.runtime import outbox
from shared.runtime.postgres import Postgres
from tests.support.processes import Server, free_port

ORGANIZATION = uuid4()


def fact(number: int, link_id: UUID) -> SessionAbandoned:
    return SessionAbandoned(org_id=ORGANIZATION, link_id=link_id, session_id=new_id(), total=Money(number, "UGX"))


async def write(postgres: Postgres, numbers: Sequence[int], links: Sequence[UUID], *, per_transaction: int = 1) -> None:
    """One fact a number, spread over the links, each in the transaction of its row in `made`."""
    for start in range(0, len(numbers), per_transaction):
        chunk = numbers[start : start + per_transaction]
        async with postgres.transaction() as tx:
            of_links = [links[number % len(links)] for number in chunk]
            await tx.executemany("INSERT INTO made VALUES ($1, $2)", list(zip(chunk, of_links, strict=True)))
            await outbox.add(tx, [fact(*pair) for pair in zip(chunk, of_links, strict=True)], now=utc_now())


@asynccontextmanager
async def pool(dsn: str) -> AsyncGenerator[Postgres, None]:
    postgres = await Postgres.connect(dsn, name="tests", size_max=4)
    try:
        yield postgres
    finally:
        await postgres.close()


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float, what: str) -> float:
    """Waits until it holds and returns how long that took."""
    began = time.monotonic()
    while not await holds():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def applied(postgres: Postgres) -> Sequence[asyncpg.Record]:
    return await postgres.fetch("SELECT link_id, sequence, number, event_id FROM applied ORDER BY position")


async def all_applied(reader: Postgres, count: int, *, seconds: float) -> float:
    async def holds() -> bool:
        return await reader.fetchval("SELECT count(DISTINCT event_id) FROM applied") >= count

    return await until(holds, seconds=seconds, what=f"{count} facts applied")


async def assert_once_and_without_gaps(writer: Postgres, reader: Postgres) -> None:
    """Every written fact had its effect once, and each link's sequence is 1, 2, 3 … without a gap or a repeat."""
    made = await writer.fetch("SELECT number FROM made ORDER BY number")
    rows = await applied(reader)
    times = Counter(row["number"] for row in rows)
    assert sorted(times) == [row["number"] for row in made]
    assert set(times.values()) <= {1}, f"applied more than once: {[n for n, count in times.items() if count > 1]}"
    sequences: dict[UUID, list[int]] = {}
    for row in rows:
        sequences.setdefault(row["link_id"], []).append(row["sequence"])
    for numbered in sequences.values():
        assert sorted(numbered) == list(range(1, len(numbered) + 1))


def service(name: str, *, dsn: str, nats_url: str, folder: Path, crash: str = "") -> Server:
    """A process of tests.support.bus_service, not yet started."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = Program(
        name=name,
        command=[sys.executable, "-m", "tests.support.bus_service", name],
        environment={
            "PAYLINKS_HTTP_PORT": str(port),
            "PAYLINKS_POSTGRES_DSN": dsn,
            "PAYLINKS_NATS_URL": nats_url,
            "PAYLINKS_PUBLIC_URL": url,
            "PAYLINKS_SECRET_KEY": base64.urlsafe_b64encode(bytes(32)).decode(),
            "PAYLINKS_TEST_MODE": "1",
            "PAYLINKS_CRASH": crash,
        },
        is_ready=lambda: http_answers(f"{url}/health", status_max=200),
    )
    return Server(program, url=url, log=folder / f"{name}-{port}.log")


@asynccontextmanager
async def running(*servers: Server) -> AsyncGenerator[None, None]:
    """Starts them side by side, and ends them whatever happens."""
    try:
        await asyncio.gather(*(server.start() for server in servers))
        yield
    finally:
        await asyncio.gather(*(server.stop() for server in servers))
