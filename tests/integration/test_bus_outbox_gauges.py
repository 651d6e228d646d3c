"""What `/metrics` says of facts that wait, also while nothing is published."""

from datetime import timedelta
from math import isnan
from uuid import uuid4

from prometheus_client import REGISTRY

from shared.kernel.moment import utc_now
from shared.runtime.outbox import measure
from shared.runtime.relay import BATCH
from tests.conftest import Database
from tests.support import bus
from tests.support.bus_service import MIGRATIONS


def told(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"paylinks_outbox_{name}")


async def test_all_that_waits_is_counted_however_much_and_the_oldest_says_for_how_long(database: Database) -> None:
    async with bus.pool(await database("bus", MIGRATIONS)) as postgres:
        await measure(postgres, utc_now())
        assert (told("waiting"), told("oldest_seconds")) == (0, 0)
        await bus.write(postgres, range(BATCH + 88), [uuid4()], per_transaction=100)
        first = await postgres.fetchval("SELECT created_at FROM outbox ORDER BY position LIMIT 1")
        await measure(postgres, first + timedelta(seconds=42))
        assert (told("waiting"), told("oldest_seconds")) == (BATCH + 88, 42)
        await postgres.execute("UPDATE outbox SET sent_at = now()")
        await measure(postgres, utc_now())
        assert (told("waiting"), told("oldest_seconds")) == (0, 0)


async def test_without_the_database_nobody_knows_how_many_wait() -> None:
    async with bus.pool("postgresql://nobody@127.0.0.1:1/nothing") as postgres:
        await measure(postgres, utc_now())
    assert isnan(told("waiting") or 0)
    assert isnan(told("oldest_seconds") or 0)
