from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from services.links.domain.cart import cart_of
from services.links.domain.keys import Actor
from services.links.domain.pricing import Cart, TaxMode
from services.links.store import products, tax_rates
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Reader


async def price_cart(
    pg: Reader, actor: Actor, *, lines: Sequence[tuple[UUID, int]], currency: str, tax_mode: TaxMode | None = None
) -> Cart:
    """Products and quantities as a cart, priced and taxed as of now. `tax_mode` None is the organization's.

    In `also` only what the organization takes.

    Raises:
        NotFound: a product that does not exist, or is somebody else's, or of the other mode.
        Invalid, ProductArchived, PriceMissing: as `cart_of` says.
        TotalOutOfBounds: less or more than the organization takes.
    """
    org_id, livemode = actor.org_id, actor.livemode
    found = await products.find_many(pg, {product_id for product_id, _ in lines}, org_id=org_id, livemode=livemode)
    if any(product_id not in found for product_id, _ in lines):
        raise NotFound("product")
    wanted = [(found[product_id], quantity) for product_id, quantity in lines]
    named = {product.tax_rate_id for product, _ in wanted if product.tax_rate_id is not None}
    rates = await tax_rates.find_many(pg, named, org_id=org_id, livemode=livemode)
    cart = cart_of(wanted, currency, tax_mode=tax_mode or actor.organization.tax_mode, rates=rates)
    actor.organization.check_total(cart.total)
    # What the buyer could choose instead is bound as well; nobody asks the organization once they do.
    return replace(cart, also=tuple(other for other in cart.also if actor.organization.takes_total(other.total)))
