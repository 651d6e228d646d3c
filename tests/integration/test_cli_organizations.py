"""`paylinks organizations`: the way in for an operator of a new installation."""

import asyncpg

from tests.conftest import Database
from tests.support.cli import ended


async def test_an_operator_makes_an_organization_and_gets_its_keys_once(database: Database) -> None:
    dsn = await database("links")
    code, output, errors = await ended(
        "organizations", "create", "Kigali Crafts", "--currency", "RWF", "--currency", "USD", "--postgres", dsn
    )
    assert (code, errors) == (0, "")
    shown = dict(line.split(maxsplit=2)[::2] if "key" in line else line.split() for line in output.splitlines())
    code, bearer, _ = await ended("organizations", "key", shown["organization"], "--live", "--postgres", dsn)
    assert code == 0
    assert bearer.startswith("plk_live_")
    connection = await asyncpg.connect(dsn)
    try:
        organization = await connection.fetchrow("SELECT name, default_currency, currencies FROM organization")
        assert tuple(organization) == ("Kigali Crafts", "RWF", ["RWF", "USD"])
        modes = await connection.fetch("SELECT livemode FROM api_key ORDER BY created_at, livemode")
        assert sorted(row["livemode"] for row in modes) == [False, True, True]
        types = [row["type"] for row in await connection.fetch("SELECT type FROM outbox")]
        assert types == ["links.organization.created"]
        stored = await connection.fetchval("SELECT string_agg(api_key::text, ' ') FROM api_key")
        assert bearer.strip().split("_", 3)[3] not in stored
    finally:
        await connection.close()


async def test_a_currency_that_does_not_exist_is_refused_in_one_sentence(database: Database) -> None:
    dsn = await database("links")
    code, output, errors = await ended("organizations", "create", "X", "--currency", "ABC", "--postgres", dsn)
    assert (code, output) == (1, "")
    assert errors.strip().count("\n") == 0
    assert "ABC" in errors
