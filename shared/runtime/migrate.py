"""Forward-only migrations: numbered `.sql` files, each applied once, in order, one transaction a file.

The tables that the runtime itself needs (outbox, inbox, dead letters, idempotency) come first, for every service.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias, cast

import asyncpg

LOCK: Final = 7_310_291_001
"""Advisory lock: of several replicas that start at once, one migrates and the others wait."""

RUNTIME: Final = Path(__file__).parent / "migrations"
_NUMBERED = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")


Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Migration(NamedTuple):
    """`applied_at` None: it is still to come."""

    version: str
    applied_at: datetime | None


class MigrationChanged(Exception):  # noqa: N818 - says what happened
    """A file that was applied already has other text now. Migrations are never edited: write a new one."""


def files_of(folder: Path) -> list[tuple[str, str]]:
    """(version, SQL) in order; runtime migrations are `runtime/0001_…`, the service's own `0001_…`."""
    own = [(path.name, path.read_text()) for path in sorted(folder.iterdir()) if _NUMBERED.match(path.name)]
    runtime = [
        (f"runtime/{path.name}", path.read_text()) for path in sorted(RUNTIME.iterdir()) if _NUMBERED.match(path.name)
    ]
    return [*runtime, *own]


async def migrate(dsn: str, folder: Path) -> list[str]:
    """Brings the database up to date and returns the versions that were applied now.

    Raises:
        MigrationChanged: a version was applied with other text than its file has.
    """
    async with _connection(dsn) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        return await _apply(connection, folder)


async def states(dsn: str, folder: Path) -> list[Migration]:
    """Every migration that there is a file for, in order. Changes nothing and waits for nobody.

    Raises:
        MigrationChanged: as for `migrate`.
    """
    async with _connection(dsn) as connection:
        known = await connection.fetchval("SELECT to_regclass('schema_version') IS NOT NULL")
        done = await _done(connection) if known else {}
    return [Migration(version, _applied_at(done, version, text)) for version, text in files_of(folder)]


@asynccontextmanager
async def _connection(dsn: str) -> AsyncGenerator[Connection, None]:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        yield connection
    finally:
        try:
            await asyncio.wait_for(connection.close(), 5)
        except TimeoutError:
            connection.terminate()


async def _apply(connection: Connection, folder: Path) -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version "
        "(version text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    done = await _done(connection)
    applied: list[str] = []
    for version, text in files_of(folder):
        if _applied_at(done, version, text) is not None:
            continue
        async with connection.transaction():
            await connection.execute(text)
            await connection.execute(
                "INSERT INTO schema_version (version, sha256) VALUES ($1, $2)", version, _digest(text)
            )
        applied.append(version)
    return applied


async def _done(connection: Connection) -> dict[str, tuple[str, datetime]]:
    rows = await connection.fetch("SELECT version, sha256, applied_at FROM schema_version")
    return {
        cast("str", row["version"]): (cast("str", row["sha256"]), cast("datetime", row["applied_at"])) for row in rows
    }


def _applied_at(done: dict[str, tuple[str, datetime]], version: str, text: str) -> datetime | None:
    """Raises: MigrationChanged."""
    if version not in done:
        return None
    digest, applied_at = done[version]
    if digest != _digest(text):
        raise MigrationChanged(version)
    return applied_at


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
