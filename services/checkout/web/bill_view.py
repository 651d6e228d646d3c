"""What is bought, as plain data: the lines of a cart, how often a plan is paid, what a coupon takes off. Pure."""

from typing import Final

from services.checkout.domain.pricing import currencies_of, in_currency
from services.checkout.domain.session import Discount
from services.checkout.web.bill_parts import Bill, Coupon, FixedPrice, Line, Terms
from shared.contracts.links import CartItemView, CartView, CouponFound, PlanView, PricingView
from shared.kernel.money import Money

LINES_SHOWN_MAX: Final = 30
"""A page stays light; what comes after is one line with its sum."""
NAME_CHARS_MAX: Final = 120


def bill_of(pricing: PricingView, currency: str | None = None) -> Bill:
    """`currency` is one that a cart is sold in; None is its own."""
    chosen = in_currency(pricing, currency)
    match chosen:
        case CartView():
            return _cart(chosen, offered=_offered(pricing))
        case PlanView(interval=interval, interval_count=count):
            return Bill(terms=Terms(interval, count))
        case _:
            return Bill()


def discount_of(discount: Discount | None) -> Coupon | None:
    return Coupon(discount.code, off_minor=discount.off.minor) if discount else None


def coupon_of(found: CouponFound) -> Coupon:
    """Where the buyer has not chosen an amount yet, what comes off in general."""
    off = found.discount or found.amount
    return Coupon(found.code, off_minor=off.minor if off else None, percent_bps=found.percent_bps)


def after(total: Money, coupon: Coupon | None) -> FixedPrice:
    off_minor = (coupon.off_minor or 0) if coupon else 0
    return FixedPrice(total.minor - off_minor, total.currency)


def _offered(pricing: PricingView) -> tuple[FixedPrice, ...]:
    carts = [in_currency(pricing, currency) for currency in currencies_of(pricing)]
    return tuple(FixedPrice(cart.total.minor, cart.total.currency) for cart in carts if isinstance(cart, CartView))


def _cart(cart: CartView, *, offered: tuple[FixedPrice, ...]) -> Bill:
    rest = cart.items[LINES_SHOWN_MAX:]
    names = {item.tax_name for item in cart.items if item.tax_minor}
    return Bill(
        lines=tuple(_line(item) for item in cart.items[:LINES_SHOWN_MAX]),
        more=len(rest),
        more_minor=sum(item.unit.minor * item.quantity for item in rest),
        tax_minor=cart.tax_minor,
        tax_name=names.pop() if len(names) == 1 else None,
        tax_included=cart.tax_mode == "inclusive",
        offered=offered,
    )


def _line(item: CartItemView) -> Line:
    name = item.name if len(item.name) <= NAME_CHARS_MAX else f"{item.name[: NAME_CHARS_MAX - 1]}…"
    return Line(name, item.quantity, unit_minor=item.unit.minor, minor=item.unit.minor * item.quantity)
