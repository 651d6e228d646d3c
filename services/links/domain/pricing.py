"""What a link costs: a closed union. Products, plans and carts are snapshots, so that a price never moves by itself."""

from collections.abc import Sequence
from typing import Final, assert_never
from uuid import UUID

import msgspec

from shared.contracts import links as contract
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money, exponent

TaxMode = contract.TaxMode
LINES_MAX: Final = 100
QUANTITY_MAX: Final = 10_000


class Fixed(msgspec.Struct, frozen=True, tag="fixed"):
    total: Money


class Flexible(msgspec.Struct, frozen=True, tag="flexible"):
    """The buyer chooses between the bounds (minor units; None is unbounded)."""

    currency: str
    min_minor: int | None = None
    max_minor: int | None = None


class Open(msgspec.Struct, frozen=True, tag="open"):
    currency: str | None = None


class OfProduct(msgspec.Struct, frozen=True, tag="product"):
    product_id: UUID
    name: str
    total: Money
    description: str | None = None
    image_url: str | None = None
    digital_id: str | None = None


class OfPlan(msgspec.Struct, frozen=True, tag="plan"):
    """`interval` is `day`, `week`, `month`, `quarter` or `year`; it is paid every `interval_count` of them."""

    plan_id: UUID
    name: str
    total: Money
    interval: str
    interval_count: int = 1


class CartItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line: `quantity` of what costs `unit` each; `tax_minor` is the tax of the whole line.

    With the tax mode `inclusive` the tax is part of `unit`, with `exclusive` it comes on top. `product_id` is None for
    what stands in no catalog.
    """

    product_id: UUID | None = None
    name: str
    unit: Money
    quantity: int
    tax_minor: int = 0
    tax_name: str | None = None
    description: str | None = None
    image_url: str | None = None


class Cart(msgspec.Struct, frozen=True, kw_only=True, tag="cart"):
    """`total` is what the buyer pays, tax included. `also` are the same items in the other currencies they sell in."""

    items: tuple[CartItem, ...]
    total: Money
    tax_mode: TaxMode = "exclusive"
    tax_minor: int = 0
    also: tuple["Cart", ...] = ()


Pricing = Fixed | Flexible | Open | OfProduct | OfPlan | Cart


class ProductWanted(msgspec.Struct, frozen=True):
    """Pricing by a product that is still to be looked up.

    `price` is asked instead of the product's own; `currency` chooses among those, None is the first.
    """

    product_id: UUID
    price: Money | None = None
    currency: str | None = None


class PlanWanted(msgspec.Struct, frozen=True):
    """With `currency` the plan is refused unless it is paid in this one."""

    plan_id: UUID
    currency: str | None = None


class LineWanted(msgspec.Struct, frozen=True):
    product_id: UUID
    quantity: int


class CartWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Products still to be looked up. `tax_mode` None is the organization's."""

    lines: tuple[LineWanted, ...]
    currency: str
    tax_mode: TaxMode | None = None


PricingWanted = Fixed | Flexible | Open | ProductWanted | PlanWanted | CartWanted | Cart


def currency_of(pricing: Pricing) -> str | None:
    if isinstance(pricing, Flexible | Open):
        return pricing.currency
    return pricing.total.currency


def name_of(pricing: Pricing) -> str | None:
    """What is sold, in a few words; None where it is only an amount."""
    match pricing:
        case OfProduct() | OfPlan():
            return pricing.name
        case Cart(items=(first, *others)):
            return f"{first.name} + {len(others)}" if others else first.name
        case _:
            return None


def check(pricing: PricingWanted) -> None:
    """Raises Invalid or UnknownCurrency when nobody could pay this."""
    match pricing:
        case Fixed(total):
            _check_money(total)
        case Flexible():
            _check_flexible(pricing)
        case Open(str(currency)):
            exponent(currency)
        case ProductWanted(price=Money() as price):
            _check_money(price)
        case Open() | ProductWanted() | PlanWanted():
            pass
        case CartWanted():
            exponent(pricing.currency)
            _check_lines([line.quantity for line in pricing.lines])
            _check_distinct(pricing.lines)
        case Cart(items=items, total=total):
            _check_lines([item.quantity for item in items])
            _check_money(total)


def view_of(pricing: Pricing) -> contract.PricingView:
    match pricing:
        case Fixed(total):
            return contract.FixedView(total)
        case Flexible(currency, least, most):
            return contract.FlexibleView(currency, least, most)
        case Open(currency):
            return contract.OpenView(currency)
        case OfProduct(product_id, name, total, description, image_url):
            return contract.ProductView(product_id, name, total, description, image_url)
        case OfPlan(plan_id, name, total, interval, interval_count):
            return contract.PlanView(plan_id, name, total, interval, interval_count)
        case Cart():
            return _cart_view(pricing)
        case _:
            assert_never(pricing)


def _cart_view(cart: Cart) -> contract.CartView:
    return contract.CartView(
        items=tuple(
            contract.CartItemView(
                product_id=item.product_id,
                name=item.name,
                unit=item.unit,
                quantity=item.quantity,
                tax_minor=item.tax_minor,
                tax_name=item.tax_name,
                description=item.description,
                image_url=item.image_url,
            )
            for item in cart.items
        ),
        total=cart.total,
        tax_mode=cart.tax_mode,
        tax_minor=cart.tax_minor,
        also=tuple(_cart_view(other) for other in cart.also),
    )


def _check_distinct(lines: Sequence[LineWanted]) -> None:
    if len({line.product_id for line in lines}) != len(lines):
        raise Invalid("pricing.items", "must name no product twice")


def _check_flexible(pricing: Flexible) -> None:
    exponent(pricing.currency)
    least, most = pricing.min_minor, pricing.max_minor
    if least is not None:
        _check_amount("pricing.min_minor", least)
    if most is not None:
        _check_amount("pricing.max_minor", most)
    if least is not None and most is not None and least > most:
        raise Invalid("pricing.max_minor", "must not be less than the minimum")


def _check_money(total: Money) -> None:
    exponent(total.currency)
    _check_amount("pricing.amount_minor", total.minor)


def _check_lines(quantities: Sequence[int]) -> None:
    if not 1 <= len(quantities) <= LINES_MAX:
        raise Invalid("pricing.items", f"must hold 1 to {LINES_MAX} items")
    if not all(1 <= quantity <= QUANTITY_MAX for quantity in quantities):
        raise Invalid("pricing.items", f"every quantity must be from 1 to {QUANTITY_MAX}")


def _check_amount(field: str, minor: int) -> None:
    if not 1 <= minor <= MINOR_MAX:
        raise Invalid(field, f"must be from 1 to {MINOR_MAX}")
