"""What row-level security would cost: reads by a predicate, and by a policy with the tenant told in each transaction.

The policy is added to the bench's own database and taken away again.
"""

import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg

from shared.kernel.ids import new_id
from tests.bench.context import Bench
from tests.bench.lists import Shop, make_template
from tests.bench.report import Table

SIZE = 10_000
ROLE = "bench_tenant"
_POLICY = f"""
CREATE ROLE {ROLE} NOLOGIN;
GRANT SELECT ON link TO {ROLE};
ALTER TABLE link ENABLE ROW LEVEL SECURITY;
CREATE POLICY bench_tenant ON link FOR SELECT TO {ROLE} USING (org_id = current_setting('paylinks.org_id')::uuid);
"""
_NO_POLICY = f"""
DROP POLICY bench_tenant ON link;
ALTER TABLE link DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON link FROM {ROLE};
DROP ROLE {ROLE};
"""
_READS = {
    "one link": ("SELECT * FROM link WHERE id = $1", "SELECT * FROM link WHERE id = $1 AND org_id = $2"),
    "50 links": (
        "SELECT * FROM link WHERE NOT livemode AND id <= $1 ORDER BY id DESC LIMIT 50",
        "SELECT * FROM link WHERE NOT livemode AND id <= $1 AND org_id = $2 ORDER BY id DESC LIMIT 50",
    ),
}
Read = Callable[[], Awaitable[Any]]


async def measure(bench: Bench) -> list[Table]:
    await make_template(bench)
    shop = await Shop.stocked(bench, SIZE)
    owner = bench.databases["links"]
    await owner.execute("VACUUM (ANALYZE) link", timeout=300)
    org_id = await owner.fetchval("SELECT org_id FROM link WHERE id = $1", shop.deep)
    policed = await asyncpg.connect(bench.local["postgres"]["links"])
    try:
        await owner.execute(_POLICY)
        await policed.execute(f"SET ROLE {ROLE}")
        assert await policed.fetchval("SELECT set_config('paylinks.org_id', $1, false)", str(new_id()))
        assert await policed.fetch(_READS["one link"][0], shop.deep) == [], "the policy holds"
        rows = [await _row(owner, policed, name, place=shop.deep, org_id=org_id) for name in _READS]
    finally:
        await policed.close()
        await owner.execute(_NO_POLICY)
    columns = ("read", "by predicate, reads/s", "by policy, reads/s", "ratio")
    return [
        Table(
            name="tenancy", title="Tenancy: a predicate against row-level security", columns=columns, rows=rows, bars=[]
        )
    ]


async def _row(
    owner: asyncpg.Connection, policed: asyncpg.Connection, name: str, *, place: UUID, org_id: UUID
) -> tuple[str | int | float, ...]:
    hidden, predicate = _READS[name]

    async def by_predicate() -> None:
        await owner.fetch(predicate, place, org_id)

    async def by_policy() -> None:
        async with policed.transaction():
            await policed.execute("SELECT set_config('paylinks.org_id', $1, true)", str(org_id))
            await policed.fetch(hidden, place)

    runs = [(await _per_second(by_predicate), await _per_second(by_policy)) for _ in range(5)]
    predicate_rate, policy_rate = (statistics.median(column) for column in zip(*runs, strict=True))
    return (name, round(predicate_rate), round(policy_rate), round(policy_rate / predicate_rate, 2))


async def _per_second(read: Read, seconds: float = 1.0) -> float:
    began, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        await read()
        count += 1
    return count / passed
