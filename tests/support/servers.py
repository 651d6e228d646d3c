"""PostgreSQL 18 and NATS for tests: the embedded ones that `make up` runs, or containers.

`PAYLINKS_TEST_CONTAINERS=1` takes containers where a Docker engine answers. `PAYLINKS_TEST_FSYNC=1` makes PostgreSQL
write through to the disk, as it does for real; tests of logic do without, and a kill -9 of a process loses nothing.
"""

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import nats

from deploy.local import nats as local_nats
from deploy.local import postgres as local_postgres
from deploy.local.postgres_data import prepare_cluster
from deploy.local.postgres_user import find_postgres_user
from deploy.local.program import PROJECT
from shared.runtime.migrate import migrate
from tests.support.emptying import Original, original, restore
from tests.support.processes import Server, free_port

PASSWORD = "tests"
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_SMALL = {"shared_buffers": "64MB", "max_connections": "300", "max_wal_size": "256MB"}


class Running(Protocol):
    """What a fixture needs of a server, be it a process or a container."""

    url: str

    async def stop(self) -> None: ...


async def start_postgres(folder: Path, *, durable: bool | None = None) -> Server:
    """An empty cluster below `folder`; `url` is the superuser's DSN of database `postgres`."""
    if durable is None:
        durable = os.environ.get("PAYLINKS_TEST_FSYNC") == "1"
    _make(folder)
    user = await find_postgres_user()
    data = folder / "postgres"
    await prepare_cluster(data, password=PASSWORD, user=user)
    port = free_port()
    program = local_postgres.program(data, port=port, user=user)
    settings = _SMALL if durable else {**_SMALL, **_FAST}
    server = Server(
        replace(program, command=[*program.command, *(f"--{name}={value}" for name, value in settings.items())]),
        url=local_postgres.embedded_dsn(port=port, password=PASSWORD),
        log=folder / "postgres.log",
    )
    await server.start()
    return server


async def start_nats(folder: Path) -> Server:
    """A JetStream server that syncs every write, with its store below `folder`."""
    _make(folder)
    port = free_port()
    program = local_nats.program(folder / "nats", port=port)
    server = Server(program, url=f"nats://127.0.0.1:{port}", log=folder / "nats.log")
    await server.start()
    return server


class Databases:
    """Fresh databases: each service's is migrated once, as a template, and cloned; who is done with one leaves it to
    the next, emptied.
    """

    def __init__(self, server_dsn: str) -> None:
        self._server_dsn = server_dsn
        self._templates: dict[Path, asyncio.Task[str]] = {}
        self._originals: dict[str, tuple[Path, Original]] = {}
        self._idle: dict[Path, list[str]] = {}

    async def clone(self, service: str, migrations: Path | None = None) -> str:
        """DSN of an empty database with the schema of `service`, whose migrations are in services/ or where you say."""
        folder = migrations or PROJECT / "services" / service / "migrations"
        if idle := self._idle.get(folder):
            return idle.pop()
        if folder not in self._templates:
            self._templates[folder] = asyncio.create_task(self._template(service, folder))
        template = await self._templates[folder]
        name = f"{service}_{uuid4().hex[:12]}"
        # Copying files is faster than writing all of it to the log where nothing is synced, as in tests.
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        dsn = self._dsn(name)
        self._originals[dsn] = (folder, await original(dsn))
        return dsn

    async def empty(self) -> str:
        """DSN of a new database without any table."""
        name = f"empty_{uuid4().hex[:12]}"
        await self._execute(f'CREATE DATABASE "{name}"')
        return self._dsn(name)

    async def drop(self, dsn: str) -> None:
        """The caller is done with it."""
        # A test that killed the server has nothing to clean up after.
        with suppress(OSError, TimeoutError, asyncpg.PostgresError):
            if known := self._originals.get(dsn):
                folder, before = known
                if await restore(dsn, before):
                    self._idle.setdefault(folder, []).append(dsn)
                    return
            await self._execute(f'DROP DATABASE IF EXISTS "{urlsplit(dsn).path[1:]}" WITH (FORCE)')

    async def _template(self, service: str, folder: Path) -> str:
        name = f"template_{service}_{uuid4().hex[:8]}"
        await self._execute(f'CREATE DATABASE "{name}"')
        await migrate(self._dsn(name), folder)
        return name

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._server_dsn, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close(timeout=5)

    def _dsn(self, name: str) -> str:
        return urlunsplit(urlsplit(self._server_dsn)._replace(path=f"/{name}"))


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


async def forget_streams(url: str) -> None:
    """Deletes every stream, and with them every consumer: the next test finds an empty server."""
    client = await nats.connect(url, connect_timeout=2)
    try:
        jetstream = client.jetstream()
        for stream in await jetstream.streams_info():
            assert stream.config.name is not None
            await jetstream.delete_stream(stream.config.name)
    finally:
        await client.close()
