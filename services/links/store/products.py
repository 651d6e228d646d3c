"""Products, and the plans beside them in the catalog."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.product import Plan, Product
from services.links.store.page import ABOVE_ALL_IDS
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_METADATA: Final = msgspec.json.Decoder(dict[str, str])


async def insert(tx: Transaction, product: Product) -> None:
    await tx.execute(
        _sql["insert_product"],
        product.id,
        product.org_id,
        product.livemode,
        product.digital_id,
        product.name,
        product.description,
        product.image_url,
        product.price.minor,
        product.price.currency,
        msgspec.json.encode(product.metadata).decode(),
        product.active,
        product.revision,
        product.created_at,
        product.updated_at,
    )


async def find(pg: Postgres, product_id: UUID, *, org_id: UUID, livemode: bool) -> Product | None:
    row = await pg.fetchrow(_sql["find_product"], product_id, org_id, livemode)
    return _product_of(row) if row else None


async def lock(tx: Transaction, product_id: UUID, *, org_id: UUID, livemode: bool) -> Product | None:
    row = await tx.fetchrow(_sql["lock_product"], product_id, org_id, livemode)
    return _product_of(row) if row else None


async def update(tx: Transaction, product: Product) -> None:
    await tx.execute(
        _sql["update_product"],
        product.id,
        product.name,
        product.description,
        product.image_url,
        product.price.minor,
        product.price.currency,
        msgspec.json.encode(product.metadata).decode(),
        product.active,
        product.revision,
        product.updated_at,
    )


async def page(
    pg: Postgres, *, org_id: UUID, livemode: bool, before: UUID | None, limit: int, active: bool | None
) -> Sequence[Product]:
    """Newest first; `active` None is both."""
    rows = await pg.fetch(_sql["list_products"], org_id, livemode, before or ABOVE_ALL_IDS, limit, active)
    return [_product_of(row) for row in rows]


async def insert_plan(tx: Transaction, plan: Plan) -> None:
    await tx.execute(
        _sql["insert_plan"],
        plan.id,
        plan.org_id,
        plan.livemode,
        plan.name,
        plan.price.minor,
        plan.price.currency,
        plan.interval,
        plan.created_at,
    )


async def page_of_plans(
    pg: Postgres, *, org_id: UUID, livemode: bool, before: UUID | None, limit: int
) -> Sequence[Plan]:
    rows = await pg.fetch(_sql["list_plans"], org_id, livemode, before or ABOVE_ALL_IDS, limit)
    return [
        Plan(
            id=row["id"],
            org_id=row["org_id"],
            livemode=row["livemode"],
            name=row["name"],
            price=Money(row["price_minor"], row["currency"]),
            interval=row["interval"],
            created_at=row["created_at"],
        )
        for row in rows
    ]


def _product_of(row: Record) -> Product:
    return Product(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        digital_id=row["digital_id"],
        name=row["name"],
        description=row["description"],
        image_url=row["image_url"],
        price=Money(row["price_minor"], row["currency"]),
        metadata=_METADATA.decode(row["metadata"]),
        active=row["active"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
