"""Every statement of checkout against its migrated schema, and the plans of those that the hot path leans on."""

from pathlib import Path

import asyncpg
import pytest

from services import checkout
from shared.runtime.queries import parse
from tests.conftest import Database

FILES = sorted((Path(checkout.__file__).parent / "store").glob("*.sql"))
TEXTS = {path: path.read_text() for path in FILES}
SOURCES = {path: path.with_suffix(".py").read_text() for path in FILES}


async def test_every_statement_can_be_prepared_and_is_used(database: Database) -> None:
    connection = await asyncpg.connect(await database("checkout"))
    try:
        for path in FILES:
            for name, statement in parse(TEXTS[path]).items():
                await connection.prepare(statement)
                assert f'"{name}"' in SOURCES[path], name
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("named", "types", "values", "index"),
    [
        ("callback.take_callbacks", "timestamptz, integer", "now(), 100", "callback_waiting"),
        (
            "callback.list_callbacks",
            "uuid, boolean, uuid, text, uuid, text, uuid, timestamptz, timestamptz, integer",
            "'{ORG}', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 51",
            "callback_listed",
        ),
        *(
            (
                f"charge_list.{name}",
                f"uuid, boolean, uuid, integer, text, text, uuid, timestamptz, timestamptz{more}",
                "'{ORG}', false, '{ORG}', 51, NULL, NULL, '{ORG}', now(), now()" + values,
                index,
            )
            for name, more, values, index in (
                ("list_charges", "", "", "charge_listed"),
                ("list_charges_of_link", ", uuid, boolean", ", '{ORG}', false", "charge_of_link"),
                ("list_in_review", "", "", "charge_in_review"),
            )
        ),
        ("fee.claim_fee_asks", "timestamptz, integer, float8[]", "now(), 50, '{1}'", "fee_ask_due"),
        ("session.read_session", "uuid", "'{ORG}'", "refund_of_charge"),
        ("charge.prompt_until", "uuid, text", "'{ORG}', '+256772123456'", "charge_prompt_once"),
        ("provider_account.offered_accounts", "uuid, boolean", "'{ORG}', false", "provider_account_org"),
    ],
)
async def test_the_hot_statements_walk_their_index(
    database: Database, named: str, types: str, values: str, index: str
) -> None:
    """With a generic plan, and sequential scans priced out: the tables here are empty.

    Among empty indexes the cheapest is a matter of chance. Charges are in so many that two which would do, too, at a
    price that only shows where there are charges, are taken away first.
    """
    connection = await asyncpg.connect(await database("checkout"))
    file, _, name = named.partition(".")
    statement = parse(next(text for path, text in TEXTS.items() if path.stem == file))[name].rstrip(";")
    try:
        await connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        if file == "charge_list":
            await connection.execute(
                "ALTER TABLE charge DROP CONSTRAINT charge_pkey CASCADE; DROP INDEX charge_session"
            )
        await connection.execute(f"PREPARE asked ({types}) AS {statement}")
        org = "00000000-0000-0000-0000-000000000000"
        rows = await connection.fetch(f"EXPLAIN EXECUTE asked ({values.replace('{ORG}', org)})")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert index in plan, plan
