"""What a link costs: a closed union. Products, plans and carts are snapshots, so that a price never moves by itself."""

from typing import assert_never
from uuid import UUID

import msgspec

from shared.contracts import links as contract
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money, exponent


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


class OfPlan(msgspec.Struct, frozen=True, tag="plan"):
    plan_id: UUID
    name: str
    total: Money
    interval: str


class CartItem(msgspec.Struct, frozen=True):
    product_id: UUID
    name: str
    unit: Money
    quantity: int


class Cart(msgspec.Struct, frozen=True, tag="cart"):
    items: tuple[CartItem, ...]
    total: Money


Pricing = Fixed | Flexible | Open | OfProduct | OfPlan | Cart


class ProductWanted(msgspec.Struct, frozen=True):
    """Pricing by a product that is still to be looked up."""

    product_id: UUID


PricingWanted = Fixed | Flexible | Open | ProductWanted


def currency_of(pricing: Pricing) -> str | None:
    if isinstance(pricing, Flexible | Open):
        return pricing.currency
    return pricing.total.currency


def check(pricing: PricingWanted) -> None:
    """Raises Invalid or UnknownCurrency when nobody could pay this."""
    match pricing:
        case Fixed(total):
            _check_amount("pricing.amount_minor", total.minor)
            exponent(total.currency)
        case Flexible(currency, least, most):
            exponent(currency)
            if least is not None:
                _check_amount("pricing.min_minor", least)
            if most is not None:
                _check_amount("pricing.max_minor", most)
            if least is not None and most is not None and least > most:
                raise Invalid("pricing.max_minor", "must not be less than min_minor")
        case Open(currency):
            if currency is not None:
                exponent(currency)
        case ProductWanted():
            pass


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
        case OfPlan(plan_id, name, total, interval):
            return contract.PlanView(plan_id, name, total, interval)
        case Cart(items, total):
            views = tuple(contract.CartItemView(i.product_id, i.name, i.unit, i.quantity) for i in items)
            return contract.CartView(views, total)
        case _:
            assert_never(pricing)


def _check_amount(field: str, minor: int) -> None:
    if not 1 <= minor <= MINOR_MAX:
        raise Invalid(field, f"must be from 1 to {MINOR_MAX}")
