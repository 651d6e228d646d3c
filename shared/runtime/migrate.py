"""Forward-only migrations: numbered `.sql` files, each applied once, in order, one transaction a file.

The tables that the runtime itself needs (outbox, inbox, dead letters, idempotency) come first, for every service.
"""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Final, cast

import asyncpg

LOCK: Final = 7_310_291_001
"""Advisory lock: of several replicas that start at once, one migrates and the others wait."""

RUNTIME: Final = Path(__file__).parent / "migrations"
_NUMBERED = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")


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
    """Brings the database up to date and returns the versions that were applied now."""
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        return await _apply(connection, folder)
    finally:
        try:
            await asyncio.wait_for(connection.close(), 5)
        except TimeoutError:
            connection.terminate()


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", folder: Path) -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version "
        "(version text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = await connection.fetch("SELECT version, sha256 FROM schema_version")
    done = {cast("str", row["version"]): cast("str", row["sha256"]) for row in rows}
    applied: list[str] = []
    for version, text in files_of(folder):
        digest = hashlib.sha256(text.encode()).hexdigest()
        if version in done:
            if done[version] != digest:
                raise MigrationChanged(version)
            continue
        async with connection.transaction():
            await connection.execute(text)
            await connection.execute("INSERT INTO schema_version (version, sha256) VALUES ($1, $2)", version, digest)
        applied.append(version)
    return applied
