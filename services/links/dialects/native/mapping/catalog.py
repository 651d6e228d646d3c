from msgspec import UNSET, UnsetType

from services.links.dialects.native.mapping.links import money_out
from services.links.dialects.native.wire import catalog as wire
from services.links.dialects.native.wire.common import MoneyIn
from services.links.domain.product import Plan, Product, ProductDraft
from shared.kernel.money import Money


def draft_of(body: wire.CreateProduct | wire.PatchProduct) -> ProductDraft:
    return ProductDraft(
        name=body.name,
        description=body.description,
        image_url=body.image_url,
        price=_money_in(body.price),
        metadata={} if body.metadata is None else body.metadata,
        active=body.active if isinstance(body, wire.PatchProduct) else UNSET,
    )


def product_out(product: Product) -> wire.Product:
    return wire.Product(
        id=product.id,
        digital_id=product.digital_id,
        name=product.name,
        description=product.description,
        image_url=product.image_url,
        price=money_out(product.price),
        metadata=product.metadata,
        active=product.active,
        livemode=product.livemode,
        revision=product.revision,
        created_at=product.created_at,
        updated_at=product.updated_at,
    )


def plan_out(plan: Plan) -> wire.Plan:
    return wire.Plan(
        id=plan.id,
        name=plan.name,
        price=money_out(plan.price),
        interval=plan.interval,
        livemode=plan.livemode,
        created_at=plan.created_at,
    )


def _money_in(money: MoneyIn | UnsetType) -> Money | UnsetType:
    return UNSET if money is UNSET else Money(money.amount_minor, money.currency)
