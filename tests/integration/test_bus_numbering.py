"""Numbers of facts, looked at where a crash or a slow transaction could spoil them."""

from uuid import uuid4

from shared.runtime import outbox
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
        await postgres.execute(outbox._sql["mark_sent"], [row["position"] for row in first])
        (late,) = await postgres.fetch(outbox._sql["number_and_take"], 10)
        assert late["link_seq"] == 3


async def test_a_batch_that_is_taken_again_keeps_its_numbers(database: Database) -> None:
    async with bus.pool(await database("bus", MIGRATIONS)) as postgres:
        await bus.write(postgres, range(5), [LINK, uuid4()])
        once = await postgres.fetch(outbox._sql["number_and_take"], 3)
        again = await postgres.fetch(outbox._sql["number_and_take"], 10)
        assert [(row["id"], row["link_seq"]) for row in again[:3]] == [(row["id"], row["link_seq"]) for row in once]
        assert sorted(row["link_seq"] for row in again) == [1, 1, 2, 2, 3]
