from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from services.links.domain.faults import TaxRateArchived
from services.links.domain.keys import Actor
from services.links.domain.naming import changes
from services.links.domain.product import Product, ProductDraft, check, digital_id, prices_after
from services.links.store import products, tax_rates
from services.links.use_cases.expected import ExpectsRevision, as_expected, there
from services.links.use_cases.own_link import give_own_link
from shared.kernel.answer import Answer, Once
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Transaction

Render = Callable[[Product], Answer]


async def create_product(
    pg: Postgres,
    actor: Actor,
    *,
    draft: ProductDraft,
    key: Once | None,
    render: Render,
    now: datetime,
    test_mode: bool,
) -> Answer:
    """A product, and a link that sells it.

    Raises:
        Invalid, UnknownCurrency, NotFound, TaxRateArchived, TotalOutOfBounds, IdempotencyMismatch.
    """
    check(draft, test_mode=test_mode)

    async def act(tx: Transaction) -> Answer:
        product = _drawn(actor, draft, now=now)
        if product.tax_rate_id is not None:
            await _require_rate(tx, actor, product.tax_rate_id)
        await products.insert(tx, product)
        await give_own_link(tx, actor, product, now=now)
        return render(product)

    return await once(pg, key, act, now=now)


async def patch_product(
    pg: Postgres,
    actor: Actor,
    product_id: UUID,
    *,
    draft: ProductDraft,
    expects: ExpectsRevision,
    now: datetime,
    test_mode: bool,
) -> Product:
    """Changes what is named. Links keep the price that they were made with.

    Raises:
        NotFound, Invalid, UnknownCurrency, TaxRateArchived, RevisionMismatch.
    """
    check(draft, test_mode=test_mode)
    async with pg.transaction() as tx:
        found = await products.lock(tx, product_id, org_id=actor.org_id, livemode=actor.livemode)
        product = as_expected(found, "product", expects)
        if named := _named(draft, product):
            if (tax_rate_id := named.get("tax_rate_id")) is not None:
                await _require_rate(tx, actor, tax_rate_id)
            product = replace(product, **named, revision=product.revision + 1, updated_at=now)
            await products.update(tx, product)
        return product


async def get_product(pg: Postgres, actor: Actor, product_id: UUID) -> Product:
    return there(await products.find(pg, product_id, org_id=actor.org_id, livemode=actor.livemode), "product")


async def get_product_by_digital_id(pg: Postgres, actor: Actor, digital_id: str) -> Product:
    return there(
        await products.find_by_digital_id(pg, digital_id, org_id=actor.org_id, livemode=actor.livemode), "product"
    )


async def list_products(
    pg: Postgres,
    actor: Actor,
    *,
    before: UUID | None,
    limit: int,
    active: bool | None,
    currency: str | None = None,
) -> Sequence[Product]:
    return await products.page(
        pg,
        org_id=actor.org_id,
        livemode=actor.livemode,
        before=before,
        limit=limit,
        active=active,
        currency=currency,
    )


async def products_by_id(pg: Postgres, actor: Actor, product_ids: set[UUID]) -> Mapping[UUID, Product]:
    return await products.find_many(pg, product_ids, org_id=actor.org_id, livemode=actor.livemode)


def _drawn(actor: Actor, draft: ProductDraft, *, now: datetime) -> Product:
    if draft.name is UNSET:
        raise Invalid("name", "is required")
    if draft.price is UNSET and draft.prices is UNSET:
        raise Invalid("price", "is required")
    price, *more = prices_after((), draft)
    product_id = new_id()
    return Product(
        id=product_id,
        org_id=actor.org_id,
        livemode=actor.livemode,
        digital_id=digital_id(product_id),
        name=draft.name,
        description=draft.description or None,
        image_url=draft.image_url or None,
        price=price,
        more_prices=tuple(more),
        tax_rate_id=draft.tax_rate_id or None,
        metadata=draft.metadata or {},
        created_at=now,
        updated_at=now,
    )


def _named(draft: ProductDraft, product: Product) -> dict[str, Any]:
    named = changes(draft, product)
    if named.keys() & {"price", "prices"}:
        named.pop("prices", None)
        named["price"], *more = prices_after(product.prices, draft)
        named["more_prices"] = tuple(more)
    return named


async def _require_rate(tx: Transaction, actor: Actor, tax_rate_id: UUID) -> None:
    rate = there(await tax_rates.find(tx, tax_rate_id, org_id=actor.org_id, livemode=actor.livemode), "tax_rate")
    if not rate.active:
        raise TaxRateArchived(tax_rate_id=rate.id)
