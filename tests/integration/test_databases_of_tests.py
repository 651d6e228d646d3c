"""What tests rely on: a database that another test had before is as good as new, or is not given to them."""

from pathlib import Path

import asyncpg

from tests.support.servers import Databases

SQL = """
CREATE TABLE kind (id int PRIMARY KEY);
INSERT INTO kind VALUES (1);
CREATE TABLE thing (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind int REFERENCES kind);
CREATE TABLE part (thing int NOT NULL REFERENCES thing);
"""
ADD = "INSERT INTO thing (kind) VALUES (1); INSERT INTO part SELECT id FROM thing"


async def used(databases: Databases, dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    # The connection stays open, as that of a test that failed does.
    await databases.drop(dsn)
    connection.terminate()


async def test_the_next_test_finds_what_migrations_left_and_nothing_else(databases: Databases, tmp_path: Path) -> None:
    (tmp_path / "0001_kinds.sql").write_text(SQL)
    dsn = await databases.clone("kinds", tmp_path)
    await used(databases, dsn, ADD, ADD)
    assert await databases.clone("kinds", tmp_path) == dsn
    connection = await asyncpg.connect(dsn)
    assert [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ("kind", "thing", "part")] == [
        1,
        0,
        0,
    ]
    assert await connection.fetchval("INSERT INTO thing (kind) VALUES (1) RETURNING id") == 1
    await connection.close()
    await databases.drop(dsn)


async def test_a_database_whose_schema_or_given_rows_changed_is_given_to_nobody(
    databases: Databases, tmp_path: Path
) -> None:
    (tmp_path / "0001_kinds.sql").write_text(SQL)
    for change in ("ALTER TABLE thing ADD COLUMN more text", "INSERT INTO kind VALUES (2)", "DROP TABLE part"):
        dsn = await databases.clone("kinds", tmp_path)
        await used(databases, dsn, ADD, change)
        assert await databases.clone("kinds", tmp_path) != dsn
