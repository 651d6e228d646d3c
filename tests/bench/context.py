"""A stack of its own, the ceilings beside it, and what every experiment needs of them."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import nats
from nats.aio.client import Client as Nats

from deploy.local.probes import http_answers
from deploy.local.program import Program
from tests.bench.machine import Processes
from tests.support.processes import Server, free_port
from tests.support.stack import Stack

SETTLE_SECONDS_MAX = 180
# The limits are not what is measured; `make up` gives every service its own environment on.
UNLIMITED = {
    f"PAYLINKS_RATE_PER_{kind}": "1000000" for kind in ("IP_PER_SECOND", "KEY_PER_SECOND", "ADDRESS_PER_MINUTE")
}
_WAITING = {
    "links": "SELECT count(*) FROM outbox WHERE sent_at IS NULL",
    "checkout": "SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL)"
    " + (SELECT count(*) FROM callback WHERE verdict = 'received')",
    "notify": "SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL)"
    " + (SELECT count(*) FROM mail WHERE state IN ('due', 'sending'))",
}


class Bench:
    def __init__(self, stack: Stack, *, quick: bool, databases: dict[str, asyncpg.Connection], bus: Nats) -> None:
        self.quick = quick
        self.stack = stack
        self.local: dict[str, Any] = stack.local
        self.databases = databases
        self.bus = bus
        self.ceiling = ""
        self.services: dict[str, str] = self.local["services"]
        self.gateway: str = self.local["gateway"]
        self.credentials: dict[str, str] = stack.credentials
        self.processes = Processes(self.local["processes"])

    def tell(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)

    async def make_link(self, **fields: Any) -> dict[str, Any]:
        """A link as a merchant would make it; buyers can see it when this returns."""
        price = {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}
        body = {"title": "Invoice #123", "pricing": price, **fields}
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.services['links']}/v1/payment-links", json=body, headers=self.credentials)
            answer.raise_for_status()
            return answer.json()

    async def settle(self) -> float:
        """Waits until nothing is under way anywhere: outboxes, streams, callbacks, mails. Returns the seconds."""
        began = time.perf_counter()
        while await self._under_way():
            if time.perf_counter() - began > SETTLE_SECONDS_MAX:
                raise RuntimeError("the backlog does not end")
            await asyncio.sleep(0.1)
        return time.perf_counter() - began

    async def _under_way(self) -> bool:
        for name, count in _WAITING.items():
            if await self.databases[name].fetchval(count):
                return True
        for stream in ("LINKS", "CHECKOUT", "NOTIFY"):
            consumers = await self.bus.jetstream().consumers_info(stream)
            if any(one.num_pending or one.num_ack_pending for one in consumers):
                return True
        return False


@asynccontextmanager
async def started(*, quick: bool) -> AsyncGenerator[Bench, None]:
    """Everything in a folder of its own, which is removed in the end."""
    home = Path(tempfile.mkdtemp(prefix="paylinks-bench-"))
    stack = Stack(home / "home", UNLIMITED)
    try:
        await stack.start()
        databases = {name: await asyncpg.connect(dsn) for name, dsn in stack.local["postgres"].items()}
        bus = await nats.connect(stack.local["nats"])
        bench = Bench(stack, quick=quick, databases=databases, bus=bus)
        async with _ceiling(bench, home) as server:
            bench.ceiling = server.url
            bench.processes = Processes({**bench.local["processes"], "ceiling": [server.pid]})
            try:
                yield bench
            finally:
                await bus.close()
                for database in databases.values():
                    await database.close()
    finally:
        await stack.stop()
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def _ceiling(bench: Bench, home: Path) -> AsyncGenerator[Server, None]:
    dsn = urlunsplit(urlsplit(bench.local["postgres"]["links"])._replace(path="/ceiling"))
    await bench.databases["links"].execute("CREATE DATABASE ceiling")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = Server(
        Program(
            name="ceiling",
            command=[sys.executable, "-m", "tests.bench.ceilings", str(port), dsn],
            is_ready=lambda: http_answers(url),
        ),
        url=url,
        log=home / "ceiling.log",
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
