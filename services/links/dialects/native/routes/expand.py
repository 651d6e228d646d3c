"""`?expand=`: what a thing belongs to, shown with it."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from services.links.dialects.native.mapping.catalog import product_out
from services.links.dialects.native.mapping.links import link_out
from services.links.dialects.native.routes.call import Call
from services.links.dialects.native.wire.links import PaymentLink
from services.links.domain.keys import Scope
from services.links.domain.link import Link
from services.links.domain.pricing import OfProduct
from services.links.domain.product import Product
from services.links.domain.tax import TaxRate
from services.links.use_cases.manage_products import products_by_id
from services.links.use_cases.manage_tax_rates import tax_rates_by_id
from shared.kernel.faults import Forbidden, Invalid


def expands(call: Call, known: str, scope: Scope) -> bool:
    """Whether the one thing that can be shown with it is asked for.

    Raises:
        Invalid: something else is asked for.
        Forbidden: whoever asks may not read that by itself either.
    """
    wanted = call.request.query_params.get("expand")
    if wanted not in {None, known}:
        raise Invalid("expand", f"must be {known}")
    if wanted is not None and scope not in call.actor.scopes:
        raise Forbidden(scope)
    return wanted is not None


async def rates_of(call: Call, products: Sequence[Product]) -> Mapping[UUID, TaxRate] | UnsetType:
    """With `?expand=tax_rate`, the tax rates of the products."""
    if not expands(call, "tax_rate", "taxes:read"):
        return UNSET
    named = {product.tax_rate_id for product in products if product.tax_rate_id is not None}
    return await tax_rates_by_id(call.pg, call.actor, named)


async def links_out(call: Call, links: Sequence[Link]) -> Callable[[Link], PaymentLink]:
    """How each of the links is shown; with `?expand=product`, with its product as it is now."""

    def plain(link: Link) -> PaymentLink:
        return link_out(link, public_url=call.pages_url, now=call.now)

    if not expands(call, "product", "products:read"):
        return plain
    named = {link.pricing.product_id for link in links if isinstance(link.pricing, OfProduct)}
    products = await products_by_id(call.pg, call.actor, named)

    def expanded(link: Link) -> PaymentLink:
        product = products.get(link.pricing.product_id) if isinstance(link.pricing, OfProduct) else None
        return replace(plain(link), product=product_out(product) if product else None)

    return expanded
