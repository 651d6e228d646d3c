from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from services.links.domain.keys import Actor
from services.links.domain.naming import changes
from services.links.domain.plan import Plan, PlanDraft, check
from services.links.store import plans
from services.links.use_cases.expected import ExpectsRevision, as_expected, there
from shared.kernel.answer import Answer, Once
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Transaction

Render = Callable[[Plan], Answer]


async def create_plan(
    pg: Postgres, actor: Actor, *, draft: PlanDraft, key: Once | None, render: Render, now: datetime
) -> Answer:
    """Raises Invalid, UnknownCurrency or IdempotencyMismatch."""
    check(draft)
    if draft.name is UNSET or draft.price is UNSET or draft.interval is UNSET:
        missing = next(name for name in ("name", "price", "interval") if getattr(draft, name) is UNSET)
        raise Invalid(missing, "is required")
    plan = Plan(
        id=new_id(),
        org_id=actor.org_id,
        livemode=actor.livemode,
        name=draft.name,
        description=draft.description or None,
        price=draft.price,
        interval=draft.interval,
        interval_count=draft.interval_count or 1,
        metadata=draft.metadata or {},
        created_at=now,
        updated_at=now,
    )

    async def act(tx: Transaction) -> Answer:
        await plans.insert(tx, plan)
        return render(plan)

    return await once(pg, key, act, now=now)


async def patch_plan(
    pg: Postgres, actor: Actor, plan_id: UUID, *, draft: PlanDraft, expects: ExpectsRevision, now: datetime
) -> Plan:
    """Changes what is named. Links keep the terms that they were made with.

    Raises:
        NotFound, Invalid, UnknownCurrency, RevisionMismatch.
    """
    check(draft)
    async with pg.transaction() as tx:
        found = await plans.lock(tx, plan_id, org_id=actor.org_id, livemode=actor.livemode)
        plan = as_expected(found, "plan", expects)
        if named := changes(draft, plan):
            plan = replace(plan, **named, revision=plan.revision + 1, updated_at=now)
            await plans.update(tx, plan)
        return plan


async def get_plan(pg: Postgres, actor: Actor, plan_id: UUID) -> Plan:
    return there(await plans.find(pg, plan_id, org_id=actor.org_id, livemode=actor.livemode), "plan")


async def list_plans(
    pg: Postgres, actor: Actor, *, before: UUID | None, limit: int, active: bool | None, currency: str | None
) -> Sequence[Plan]:
    """Newest first; None of a filter is any."""
    return await plans.page(
        pg,
        org_id=actor.org_id,
        livemode=actor.livemode,
        before=before,
        limit=limit,
        active=active,
        currency=currency,
    )
