from collections.abc import Mapping
from uuid import UUID

from msgspec import UNSET, UnsetType

from services.links.dialects.native.mapping.links import money_out
from services.links.dialects.native.mapping.taxes import tax_rate_out
from services.links.dialects.native.wire import catalog as wire
from services.links.dialects.native.wire.common import MoneyIn
from services.links.domain.plan import Plan, PlanDraft
from services.links.domain.product import Product, ProductDraft
from services.links.domain.tax import TaxRate
from shared.kernel.money import Money


def draft_of(body: wire.CreateProduct | wire.PatchProduct) -> ProductDraft:
    return ProductDraft(
        name=body.name,
        description=body.description,
        image_url=body.image_url,
        price=UNSET if body.price is UNSET else _money_in(body.price),
        prices=UNSET if body.prices is UNSET else tuple(_money_in(price) for price in body.prices),
        tax_rate_id=body.tax_rate_id,
        metadata={} if body.metadata is None else body.metadata,
        active=body.active if isinstance(body, wire.PatchProduct) else UNSET,
    )


def product_out(product: Product, rates: Mapping[UUID, TaxRate] | UnsetType = UNSET) -> wire.Product:
    """With its tax rate, where `rates` are given."""
    return wire.Product(
        id=product.id,
        digital_id=product.digital_id,
        name=product.name,
        description=product.description,
        image_url=product.image_url,
        price=money_out(product.price),
        prices=[money_out(price) for price in product.prices],
        tax_rate_id=product.tax_rate_id,
        tax_rate=UNSET if rates is UNSET else _rate_of(product, rates),
        metadata=product.metadata,
        active=product.active,
        livemode=product.livemode,
        revision=product.revision,
        created_at=product.created_at,
        updated_at=product.updated_at,
    )


def plan_draft(body: wire.CreatePlan | wire.PatchPlan) -> PlanDraft:
    return PlanDraft(
        name=body.name,
        description=body.description,
        price=UNSET if body.price is UNSET else _money_in(body.price),
        interval=body.interval,
        interval_count=body.interval_count,
        metadata={} if body.metadata is None else body.metadata,
        active=body.active if isinstance(body, wire.PatchPlan) else UNSET,
    )


def plan_out(plan: Plan) -> wire.Plan:
    return wire.Plan(
        id=plan.id,
        name=plan.name,
        description=plan.description,
        price=money_out(plan.price),
        interval=plan.interval,
        interval_count=plan.interval_count,
        metadata=plan.metadata,
        active=plan.active,
        livemode=plan.livemode,
        revision=plan.revision,
        created_at=plan.created_at,
        updated_at=plan.updated_at,
    )


def _money_in(money: MoneyIn) -> Money:
    return Money(money.amount_minor, money.currency)


def _rate_of(product: Product, rates: Mapping[UUID, TaxRate]) -> "wire.TaxRate | None":
    rate = None if product.tax_rate_id is None else rates.get(product.tax_rate_id)
    return tax_rate_out(rate) if rate else None
