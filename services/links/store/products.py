from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.product import Product
from services.links.store import metadata
from services.links.store.page import ABOVE_ALL_IDS
from shared.kernel.money import Money
from shared.runtime.postgres import Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_PRICES: Final = msgspec.json.Decoder(tuple[Money, ...])


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
        msgspec.json.encode(product.more_prices).decode(),
        product.tax_rate_id,
        metadata.written(product.metadata),
        product.active,
        product.revision,
        product.created_at,
        product.updated_at,
    )


async def find(pg: Reader, product_id: UUID, *, org_id: UUID, livemode: bool) -> Product | None:
    row = await pg.fetchrow(_sql["find_product"], product_id, org_id, livemode)
    return _product_of(row) if row else None


async def find_many(
    pg: Reader, product_ids: Collection[UUID], *, org_id: UUID, livemode: bool
) -> Mapping[UUID, Product]:
    """Those of them that there are, by id."""
    if not product_ids:
        return {}
    rows = await pg.fetch(_sql["find_products"], list(product_ids), org_id, livemode)
    return {row["id"]: _product_of(row) for row in rows}


async def find_by_digital_id(pg: Reader, digital_id: str, *, org_id: UUID, livemode: bool) -> Product | None:
    row = await pg.fetchrow(_sql["find_product_by_digital_id"], digital_id, org_id, livemode)
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
        msgspec.json.encode(product.more_prices).decode(),
        product.tax_rate_id,
        metadata.written(product.metadata),
        product.active,
        product.revision,
        product.updated_at,
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
) -> Sequence[Product]:
    """Newest first; None of `active` and `currency` is any."""
    rows = await pg.fetch(_sql["list_products"], org_id, livemode, before or ABOVE_ALL_IDS, limit, active, currency)
    return [_product_of(row) for row in rows]


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
        more_prices=_PRICES.decode(row["more_prices"]),
        tax_rate_id=row["tax_rate_id"],
        metadata=metadata.read(row["metadata"]),
        active=row["active"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
