"""Migrations run once, whoever comes first; and every statement of the tree fits the schema that they make."""

import asyncio
import sys
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

from shared.runtime import inbox, outbox
from shared.runtime.migrate import MigrationChanged, migrate
from shared.runtime.queries import parse
from tests.conftest import Database
from tests.support.bus_service import MIGRATIONS
from tests.support.servers import Databases

PROJECT = Path(__file__).parents[2]
SERVICES = PROJECT / "services"
# `*.sql` beside a Python file of the same name: services/<name>/…/store/<table>.sql
STATEMENTS = sorted(path for path in SERVICES.glob("*/**/*.sql") if path.with_suffix(".py").exists())
_PROGRAM = """
import asyncio, sys
from pathlib import Path
from shared.runtime.migrate import migrate
print(",".join(asyncio.run(migrate(sys.argv[1], Path(sys.argv[2])))))
"""


async def test_of_processes_that_migrate_at_once_one_does_and_the_others_find_it_done(databases: Databases) -> None:
    dsn = await databases.empty()
    runs = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROGRAM, dsn, str(MIGRATIONS), cwd=PROJECT, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    said = [(await run.communicate())[0].decode().strip() for run in runs]
    assert [run.returncode for run in runs] == [0] * 4
    assert sorted(said)[:3] == ["", "", ""]
    assert sorted(said)[3] == "runtime/0001_bus.sql,runtime/0002_outbox_writes.sql,0001_counting.sql"
    assert await migrate(dsn, MIGRATIONS) == []
    await databases.drop(dsn)


async def test_a_migration_that_was_changed_after_it_ran_is_refused(databases: Databases, tmp_path: Path) -> None:
    dsn = await databases.empty()
    file = tmp_path / "0001_first.sql"
    file.write_text("CREATE TABLE first (id int);")
    assert "0001_first.sql" in await migrate(dsn, tmp_path)
    file.write_text("CREATE TABLE first (id bigint);")
    with pytest.raises(MigrationChanged, match="0001_first"):
        await migrate(dsn, tmp_path)
    await databases.drop(dsn)


async def test_a_migration_that_fails_leaves_nothing_of_itself_behind(databases: Databases, tmp_path: Path) -> None:
    dsn = await databases.empty()
    file = tmp_path / "0001_first.sql"
    file.write_text("CREATE TABLE first (id int); CREATE TABLE second (id no_such_type);")
    with pytest.raises(asyncpg.UndefinedObjectError):
        await migrate(dsn, tmp_path)
    file.write_text("CREATE TABLE first (id int);")
    assert await migrate(dsn, tmp_path) == ["0001_first.sql"]
    await databases.drop(dsn)


@pytest.mark.parametrize("file", STATEMENTS, ids=lambda path: str(path.relative_to(SERVICES)))
async def test_every_statement_of_a_store_fits_its_schema(file: Path, database: Database) -> None:
    await _prepare_all(await database(file.relative_to(SERVICES).parts[0]), _named(file))


@pytest.mark.parametrize("module", [inbox, outbox], ids=lambda module: module.__name__)
async def test_every_statement_of_the_runtime_fits_its_schema(module: ModuleType, database: Database) -> None:
    await _prepare_all(await database("bus", MIGRATIONS), module._sql)


def _named(file: Path) -> dict[str, str]:
    return parse(file.read_text())


async def _prepare_all(dsn: str, named: dict[str, str]) -> None:
    assert named
    connection = await asyncpg.connect(dsn)
    try:
        for name, statement in named.items():
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                pytest.fail(f"{name}: {error}")
    finally:
        await connection.close()
