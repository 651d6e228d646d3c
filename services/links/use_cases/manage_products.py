from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from services.links.domain.answer import Answer, Once
from services.links.domain.faults import RevisionMismatch
from services.links.domain.keys import Actor
from services.links.domain.product import Plan, Product, ProductDraft, check, digital_id
from services.links.store import products
from services.links.use_cases.change_link import ExpectsRevision
from services.links.use_cases.once import once
from shared.kernel.faults import Invalid, NotFound
from shared.kernel.ids import new_id
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
    """Raises Invalid, UnknownCurrency or IdempotencyMismatch."""
    check(draft, test_mode=test_mode)
    if draft.name is UNSET or draft.price is UNSET:
        raise Invalid("name" if draft.name is UNSET else "price", "is required")
    product_id = new_id()
    product = Product(
        id=product_id,
        org_id=actor.org_id,
        livemode=actor.livemode,
        digital_id=digital_id(product_id),
        name=draft.name,
        description=draft.description or None,
        image_url=draft.image_url or None,
        price=draft.price,
        metadata=draft.metadata or {},
        created_at=now,
        updated_at=now,
    )

    async def act(tx: Transaction) -> Answer:
        await products.insert(tx, product)
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
        NotFound, Invalid, RevisionMismatch.
    """
    check(draft, test_mode=test_mode)
    async with pg.transaction() as tx:
        product = await products.lock(tx, product_id, org_id=actor.org_id, livemode=actor.livemode)
        if product is None:
            raise NotFound("product")
        if not expects(product.revision):
            raise RevisionMismatch(product.revision)
        named = {
            name: value
            for name in ProductDraft.__struct_fields__
            if (value := getattr(draft, name)) is not UNSET and value != getattr(product, name)
        }
        if named:
            product = replace(product, **named, revision=product.revision + 1, updated_at=now)
            await products.update(tx, product)
        return product


async def get_product(pg: Postgres, actor: Actor, product_id: UUID) -> Product:
    product = await products.find(pg, product_id, org_id=actor.org_id, livemode=actor.livemode)
    if product is None:
        raise NotFound("product")
    return product


async def list_products(
    pg: Postgres, actor: Actor, *, before: UUID | None, limit: int, active: bool | None
) -> Sequence[Product]:
    return await products.page(
        pg, org_id=actor.org_id, livemode=actor.livemode, before=before, limit=limit, active=active
    )


async def list_plans(pg: Postgres, actor: Actor, *, before: UUID | None, limit: int) -> Sequence[Plan]:
    return await products.page_of_plans(pg, org_id=actor.org_id, livemode=actor.livemode, before=before, limit=limit)
