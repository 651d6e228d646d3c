from pathlib import Path

import asyncpg
import pytest

from services import links
from services.links.store.feed import MARK_SENT
from shared.runtime.queries import parse
from shared.runtime.relay import BATCH, SESSION
from tests.conftest import Database

FILES = sorted((Path(links.__file__).parent / "store").glob("*.sql"))
TEXTS = {path: path.read_text() for path in FILES}
SOURCES = {path: path.with_suffix(".py").read_text() for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_every_statement_can_be_prepared_and_is_used(database: Database, path: Path) -> None:
    source, texts = SOURCES[path], parse(TEXTS[path])
    connection = await asyncpg.connect(await database("links"))
    try:
        for name, statement in texts.items():
            await connection.prepare(statement)
            assert f'"{name}"' in source, name
    finally:
        await connection.close()


@pytest.mark.parametrize("organizations", [1, 50])
async def test_the_list_walks_its_own_index_and_no_further_than_it_shows(
    database: Database, organizations: int
) -> None:
    """With a generic plan, which knows nothing of the organization that asks."""
    connection = await asyncpg.connect(await database("links"))
    texts = {path.stem: text for path, text in TEXTS.items()}
    statement = parse(texts["link_pages"])["list_links"].rstrip(";")
    try:
        await connection.execute(_THOUSANDS.replace("ORGANIZATIONS", str(organizations)))
        await connection.execute("ANALYZE; SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE listed (uuid, boolean, uuid, bigint) AS {statement}")
        rows = await connection.fetch(
            f"EXPLAIN (ANALYZE, BUFFERS OFF) EXECUTE listed ('{_ORG}', false, '{'f' * 32}', 51)"
        )
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "Index Scan using link_listed" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan
    assert "rows=51.00" in plan


async def test_what_is_published_goes_into_the_feed_without_looking_at_all_of_it(database: Database) -> None:
    """With the settings of the relay's session, which does without nested loops, and a generic plan."""
    connection = await asyncpg.connect(await database("links"), server_settings=dict(SESSION))
    try:
        await connection.execute(_FED)
        await connection.execute("ANALYZE; SET plan_cache_mode = force_generic_plan")
        await connection.execute(_NEW_FACTS, BATCH)
        positions = [row["position"] for row in await connection.fetch("SELECT position FROM outbox ORDER BY 1")]
        await connection.execute(f"PREPARE fed (bigint[], timestamptz) AS {MARK_SENT.rstrip(';')}")
        given = ", ".join(map(str, positions))
        rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS OFF) EXECUTE fed (ARRAY[{given}], now())")
        fed = await connection.fetchval("SELECT count(*) FROM link_feed WHERE type = 'links.link.created'")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert fed == BATCH
    assert "Seq Scan" not in plan


_FED = """
INSERT INTO link_feed (link_id, seq, fact_id, type, at, data)
SELECT uuidv7(), 1, uuidv7(), 'links.use.held', now(), '{}' FROM generate_series(1, 20000)
"""
_NEW_FACTS = """
INSERT INTO outbox (id, type, subject, link_id, data)
SELECT uuidv7(), 'links.link.created', 's', uuidv7(), '{}' FROM generate_series(1, $1::int)
"""
_ORG = "00000000-0000-0000-0000-000000000000"

_THOUSANDS = """
WITH made AS (
    INSERT INTO link (id, org_id, livemode, slug, title, pricing, methods, providers, collect, branding, metadata,
                      late_payment_policy, revision, created_at, updated_at)
    SELECT uuidv7(), ('00000000-0000-0000-0000-0000000000' || lpad((n % ORGANIZATIONS)::text, 2, '0'))::uuid, false,
           's-' || n, 'T', '{"type":"open"}',
           '{card}', '{}', '{}', '{}', '{}', 'accept', 1, now(), now()
    FROM generate_series(1, 5000) AS n
    RETURNING id
)
INSERT INTO link_uses (link_id) SELECT id FROM made
"""
