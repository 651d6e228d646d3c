from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from services.links.domain.keys import Actor
from services.links.domain.naming import changes
from services.links.domain.tax import TaxRate, TaxRateDraft, check
from services.links.store import tax_rates
from services.links.use_cases.expected import ExpectsRevision, as_expected, there
from shared.kernel.answer import Answer, Once
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Transaction

Render = Callable[[TaxRate], Answer]


async def create_tax_rate(
    pg: Postgres, actor: Actor, *, draft: TaxRateDraft, key: Once | None, render: Render, now: datetime
) -> Answer:
    """Raises Invalid or IdempotencyMismatch."""
    check(draft)
    if draft.name is UNSET or draft.ppm is UNSET:
        raise Invalid("name" if draft.name is UNSET else "percent", "is required")
    rate = TaxRate(
        id=new_id(),
        org_id=actor.org_id,
        livemode=actor.livemode,
        name=draft.name,
        ppm=draft.ppm,
        country=draft.country or None,
        created_at=now,
        updated_at=now,
    )

    async def act(tx: Transaction) -> Answer:
        await tax_rates.insert(tx, rate)
        return render(rate)

    return await once(pg, key, act, now=now)


async def patch_tax_rate(
    pg: Postgres, actor: Actor, tax_rate_id: UUID, *, draft: TaxRateDraft, expects: ExpectsRevision, now: datetime
) -> TaxRate:
    """Changes what is named. Links keep the tax that they were made with.

    Raises:
        NotFound, Invalid, RevisionMismatch.
    """
    check(draft)
    async with pg.transaction() as tx:
        found = await tax_rates.lock(tx, tax_rate_id, org_id=actor.org_id, livemode=actor.livemode)
        rate = as_expected(found, "tax_rate", expects)
        if named := changes(draft, rate):
            rate = replace(rate, **named, revision=rate.revision + 1, updated_at=now)
            await tax_rates.update(tx, rate)
        return rate


async def get_tax_rate(pg: Postgres, actor: Actor, tax_rate_id: UUID) -> TaxRate:
    return there(await tax_rates.find(pg, tax_rate_id, org_id=actor.org_id, livemode=actor.livemode), "tax_rate")


async def list_tax_rates(
    pg: Postgres, actor: Actor, *, before: UUID | None, limit: int, active: bool | None
) -> Sequence[TaxRate]:
    """Newest first; `active` None is both."""
    return await tax_rates.page(
        pg, org_id=actor.org_id, livemode=actor.livemode, before=before, limit=limit, active=active
    )


async def tax_rates_by_id(pg: Postgres, actor: Actor, tax_rate_ids: set[UUID]) -> Mapping[UUID, TaxRate]:
    return await tax_rates.find_many(pg, tax_rate_ids, org_id=actor.org_id, livemode=actor.livemode)
