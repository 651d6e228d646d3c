"""Numbers of facts, looked at where a crash or a slow transaction could spoil them."""

from uuid import uuid4

import asyncpg

from shared.kernel.moment import utc_now
from shared.runtime import outbox
from shared.runtime.relay import BATCH, SESSION
from tests.conftest import Database
from tests.support import bus
from tests.support.bus_service import MIGRATIONS

LINK = uuid4()


async def test_a_fact_that_commits_late_does_not_overtake_those_that_are_numbered(database: Database) -> None:
    async with bus.pool(await database("bus", MIGRATIONS)) as postgres:
        await bus.write(postgres, [1, 2], [LINK])
        numbered = await postgres.fetch(outbox._sql["number_and_take"], 10)  # and then the relay is killed
        await postgres.execute(
            "INSERT INTO outbox (id, position, type, subject, link_id, data) OVERRIDING SYSTEM VALUE "
            "SELECT gen_random_uuid(), -1, type, subject, link_id, data FROM outbox LIMIT 1"
        )
        first = await postgres.fetch(outbox._sql["take_numbered"], 10)
        assert [row["id"] for row in first] == [row["id"] for row in numbered]
        assert [row["link_seq"] for row in first] == [1, 2]
        await postgres.execute(outbox._sql["mark_sent"], [row["position"] for row in first], utc_now())
        (late,) = await postgres.fetch(outbox._sql["number_and_take"], 10)
        assert late["link_seq"] == 3


async def test_a_batch_that_is_taken_again_keeps_its_numbers(database: Database) -> None:
    async with bus.pool(await database("bus", MIGRATIONS)) as postgres:
        await bus.write(postgres, range(5), [LINK, uuid4()])
        once = await postgres.fetch(outbox._sql["number_and_take"], 3)
        again = await postgres.fetch(outbox._sql["number_and_take"], 10)
        assert [(row["id"], row["link_seq"]) for row in again[:3]] == [(row["id"], row["link_seq"]) for row in once]
        assert sorted(row["link_seq"] for row in again) == [1, 1, 2, 2, 3]


async def test_a_full_batch_is_not_compared_each_with_each_where_statistics_expect_one(database: Database) -> None:
    dsn = await database("bus", MIGRATIONS)
    connection = await asyncpg.connect(dsn, server_settings=dict(SESSION))
    try:
        await connection.execute(_FACTS, 5_000)
        await connection.execute("UPDATE outbox SET sent_at = now()")
        await connection.execute("VACUUM ANALYZE outbox")
        await connection.execute(_FACTS, BATCH)
        rows = await connection.fetch(f"EXPLAIN (ANALYZE) {outbox._sql['number_and_take'].replace('$1', str(BATCH))}")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert f"rows={BATCH}.00" in plan
    assert "Nested Loop" not in plan
    assert "Seq Scan" not in plan


_FACTS = """
INSERT INTO outbox (id, type, subject, link_id, data)
SELECT uuidv7(), 't', 's', uuidv7(), '' FROM generate_series(1, $1::int)
"""
