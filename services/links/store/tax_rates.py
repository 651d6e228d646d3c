from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from services.links.domain.tax import TaxRate
from services.links.store.page import ABOVE_ALL_IDS
from shared.runtime.postgres import Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def insert(tx: Transaction, rate: TaxRate) -> None:
    await tx.execute(
        _sql["insert_tax_rate"],
        rate.id,
        rate.org_id,
        rate.livemode,
        rate.name,
        rate.ppm,
        rate.country,
        rate.active,
        rate.revision,
        rate.created_at,
        rate.updated_at,
    )


async def find(pg: Reader, tax_rate_id: UUID, *, org_id: UUID, livemode: bool) -> TaxRate | None:
    row = await pg.fetchrow(_sql["find_tax_rate"], tax_rate_id, org_id, livemode)
    return _tax_rate_of(row) if row else None


async def find_many(
    pg: Reader, tax_rate_ids: Collection[UUID], *, org_id: UUID, livemode: bool
) -> Mapping[UUID, TaxRate]:
    """Those of them that there are, by id."""
    if not tax_rate_ids:
        return {}
    rows = await pg.fetch(_sql["find_tax_rates"], list(tax_rate_ids), org_id, livemode)
    return {row["id"]: _tax_rate_of(row) for row in rows}


async def lock(tx: Transaction, tax_rate_id: UUID, *, org_id: UUID, livemode: bool) -> TaxRate | None:
    row = await tx.fetchrow(_sql["lock_tax_rate"], tax_rate_id, org_id, livemode)
    return _tax_rate_of(row) if row else None


async def update(tx: Transaction, rate: TaxRate) -> None:
    await tx.execute(
        _sql["update_tax_rate"],
        rate.id,
        rate.name,
        rate.ppm,
        rate.country,
        rate.active,
        rate.revision,
        rate.updated_at,
    )


async def page(
    pg: Reader, *, org_id: UUID, livemode: bool, before: UUID | None, limit: int, active: bool | None
) -> Sequence[TaxRate]:
    """Newest first; `active` None is both."""
    rows = await pg.fetch(_sql["list_tax_rates"], org_id, livemode, before or ABOVE_ALL_IDS, limit, active)
    return [_tax_rate_of(row) for row in rows]


def _tax_rate_of(row: Record) -> TaxRate:
    return TaxRate(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        name=row["name"],
        ppm=row["ppm"],
        country=row["country"],
        active=row["active"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
