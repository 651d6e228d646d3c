"""What a link costs: what was asked for, with its products and plan looked up and written down as they are now."""

from typing import assert_never

from services.links.domain.faults import PriceMissing
from services.links.domain.keys import Actor
from services.links.domain.pricing import (
    Cart,
    CartWanted,
    Fixed,
    Flexible,
    Open,
    PlanWanted,
    Pricing,
    PricingWanted,
    ProductWanted,
)
from services.links.store import plans, products
from services.links.use_cases.price_cart import price_cart
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Reader


async def priced(pg: Reader, actor: Actor, wanted: PricingWanted) -> Pricing:
    """The pricing with its products and plan looked up, within the bounds of the organization.

    Raises:
        NotFound: no such product or plan, or somebody else's, or of the other mode.
        ProductArchived, PlanArchived: it is no longer sold.
        PriceMissing: a product or plan has no price in the currency that is asked for.
        TotalOutOfBounds: less or more than the organization takes.
    """
    pricing = await _drawn(pg, actor, wanted)
    if not isinstance(pricing, Flexible | Open):
        actor.organization.check_total(pricing.total)
    return pricing


async def _drawn(pg: Reader, actor: Actor, wanted: PricingWanted) -> Pricing:
    org_id, livemode = actor.org_id, actor.livemode
    match wanted:
        case Fixed() | Flexible() | Open() | Cart():
            return wanted
        case ProductWanted(product_id, price, currency):
            product = await products.find(pg, product_id, org_id=org_id, livemode=livemode)
            if product is None:
                raise NotFound("product")
            own = product.price_in(currency) if currency else product.price
            if price is None and own is None:
                raise PriceMissing(product_id=product_id, currency=currency)
            return product.priced(price or own)
        case PlanWanted(plan_id, currency):
            plan = await plans.find(pg, plan_id, org_id=org_id, livemode=livemode)
            if plan is None:
                raise NotFound("plan")
            if currency not in {None, plan.price.currency}:
                raise PriceMissing(plan_id=plan_id, currency=currency)
            return plan.priced()
        case CartWanted(lines=lines, currency=currency, tax_mode=tax_mode):
            asked = [(line.product_id, line.quantity) for line in lines]
            return await price_cart(pg, actor, lines=asked, currency=currency, tax_mode=tax_mode)
        case _:
            assert_never(wanted)
