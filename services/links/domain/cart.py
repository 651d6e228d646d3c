"""What a cart costs: products, their prices in one currency and their taxes, taken down as they are now."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from services.links.domain.faults import PriceMissing
from services.links.domain.pricing import LINES_MAX, QUANTITY_MAX, Cart, CartItem, TaxMode
from services.links.domain.product import Product
from services.links.domain.tax import TaxRate, line_total, taxed
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money

Line = tuple[Product, int]
_NO_RATES: Final[Mapping[UUID, TaxRate]] = {}


def cart_of(
    lines: Sequence[Line], currency: str, *, tax_mode: TaxMode, rates: Mapping[UUID, TaxRate] = _NO_RATES
) -> Cart:
    """The lines, in their order, with totals; in `also` the same for every other currency that all of them sell in.

    `rates` holds every tax rate that the products name.

    Raises:
        Invalid: no lines or too many, a quantity out of bounds, or a total that nobody could pay.
        ProductArchived: one of them is no longer sold.
        PriceMissing: one of them has no price in `currency`.
    """
    if not 1 <= len(lines) <= LINES_MAX:
        raise Invalid("pricing.items", f"must hold 1 to {LINES_MAX} items")
    for product, quantity in lines:
        product.require_active()
        if not 1 <= quantity <= QUANTITY_MAX:
            raise Invalid("pricing.items", f"every quantity must be from 1 to {QUANTITY_MAX}")
    shared = (price.currency for price in lines[0][0].prices if price.currency != currency)
    others = [other for other in shared if all(product.price_in(other) for product, _ in lines)]
    cart = _in(currency, lines, tax_mode=tax_mode, rates=rates)
    if cart.total.minor > MINOR_MAX:
        raise Invalid("pricing.items", f"must come to at most {MINOR_MAX} minor units")
    also = (_in(other, lines, tax_mode=tax_mode, rates=rates) for other in others)
    return replace(cart, also=tuple(other for other in also if other.total.minor <= MINOR_MAX))


def _in(currency: str, lines: Sequence[Line], *, tax_mode: TaxMode, rates: Mapping[UUID, TaxRate]) -> Cart:
    items = tuple(_item(product, quantity, currency, tax_mode=tax_mode, rates=rates) for product, quantity in lines)
    tax_minor = sum(item.tax_minor for item in items)
    total_minor = sum(line_total(item.unit, item.quantity).minor for item in items)
    if tax_mode == "exclusive":
        total_minor += tax_minor
    return Cart(items=items, total=Money(total_minor, currency), tax_mode=tax_mode, tax_minor=tax_minor)


def _item(
    product: Product, quantity: int, currency: str, *, tax_mode: TaxMode, rates: Mapping[UUID, TaxRate]
) -> CartItem:
    unit = product.price_in(currency)
    if unit is None:
        raise PriceMissing(product_id=product.id, currency=currency)
    rate = None if product.tax_rate_id is None else rates[product.tax_rate_id]
    return CartItem(
        product_id=product.id,
        name=product.name,
        unit=unit,
        quantity=quantity,
        tax_minor=taxed(line_total(unit, quantity).minor, rate.ppm, tax_mode).tax_minor if rate else 0,
        tax_name=rate.name if rate else None,
        description=product.description,
        image_url=product.image_url,
    )
