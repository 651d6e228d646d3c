from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.links.domain.plan import Plan
from services.links.store import metadata
from services.links.store.page import ABOVE_ALL_IDS
from shared.kernel.money import Money
from shared.runtime.postgres import Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def insert(tx: Transaction, plan: Plan) -> None:
    await tx.execute(
        _sql["insert_plan"],
        plan.id,
        plan.org_id,
        plan.livemode,
        plan.name,
        plan.description,
        plan.price.minor,
        plan.price.currency,
        plan.interval,
        plan.interval_count,
        metadata.written(plan.metadata),
        plan.active,
        plan.revision,
        plan.created_at,
        plan.updated_at,
    )


async def find(pg: Reader, plan_id: UUID, *, org_id: UUID, livemode: bool) -> Plan | None:
    row = await pg.fetchrow(_sql["find_plan"], plan_id, org_id, livemode)
    return _plan_of(row) if row else None


async def lock(tx: Transaction, plan_id: UUID, *, org_id: UUID, livemode: bool) -> Plan | None:
    row = await tx.fetchrow(_sql["lock_plan"], plan_id, org_id, livemode)
    return _plan_of(row) if row else None


async def update(tx: Transaction, plan: Plan) -> None:
    await tx.execute(
        _sql["update_plan"],
        plan.id,
        plan.name,
        plan.description,
        plan.price.minor,
        plan.price.currency,
        plan.interval,
        plan.interval_count,
        metadata.written(plan.metadata),
        plan.active,
        plan.revision,
        plan.updated_at,
    )


async def page(
    pg: Reader,
    *,
    org_id: UUID,
    livemode: bool,
    before: UUID | None,
    limit: int,
    active: bool | None,
    currency: str | None = None,
) -> Sequence[Plan]:
    """Newest first; None of `active` and `currency` is any."""
    rows = await pg.fetch(_sql["list_plans"], org_id, livemode, before or ABOVE_ALL_IDS, limit, active, currency)
    return [_plan_of(row) for row in rows]


def _plan_of(row: Record) -> Plan:
    return Plan(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        name=row["name"],
        description=row["description"],
        price=Money(row["price_minor"], row["currency"]),
        interval=row["interval"],
        interval_count=row["interval_count"],
        metadata=metadata.read(row["metadata"]),
        active=row["active"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
