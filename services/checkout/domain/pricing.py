"""What a buyer of a link has to pay."""

from typing import assert_never

import msgspec

from services.checkout.domain.faults import AmountOutOfBounds
from shared.contracts.links import CartView, FixedView, FlexibleView, OpenView, PlanView, PricingView, ProductView
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money, exponent


def listed_total(pricing: PricingView) -> Money | None:
    """The price that the link names; None where the buyer chooses."""
    match pricing:
        case FixedView() | ProductView() | PlanView() | CartView():
            return pricing.total
        case FlexibleView() | OpenView():
            return None
        case _:
            assert_never(pricing)


def in_currency(pricing: PricingView, currency: str | None) -> PricingView:
    """The pricing as this buyer chose it: a cart in the one of its currencies that they named; all else as it is.

    Raises:
        Invalid: the cart is not sold in that currency.
    """
    if not isinstance(pricing, CartView):
        return pricing
    carts = {cart.total.currency: cart for cart in (*pricing.also, pricing)}
    chosen = carts.get(currency or pricing.total.currency)
    if chosen is None:
        raise Invalid("currency", f"this link is paid in {', '.join(sorted(carts))}")
    return msgspec.structs.replace(chosen, also=())


def currencies_of(pricing: PricingView) -> tuple[str, ...]:
    """Of a cart: the ones that a buyer may choose from, its own first. Empty where there is no such choice."""
    if not isinstance(pricing, CartView) or not pricing.also:
        return ()
    return tuple(dict.fromkeys((pricing.total.currency, *(cart.total.currency for cart in pricing.also))))


def payable_currencies(pricing: PricingView) -> tuple[str, ...]:
    """What the link may be paid in; empty where the buyer chooses any currency."""
    match pricing:
        case FlexibleView(currency=currency):
            return (currency,)
        case OpenView(currency=currency):
            return (currency,) if currency else ()
        case CartView():
            return currencies_of(pricing) or (pricing.total.currency,)
        case FixedView(total=total) | ProductView(total=total) | PlanView(total=total):
            return (total.currency,)
        case _:
            assert_never(pricing)


def total_of(pricing: PricingView, amount_minor: int | None, *, currency: str | None) -> Money:
    """The total for a buyer who sends this amount and currency, or nothing.

    Raises:
        Invalid: an amount or currency is missing, or is not the link's.
        AmountOutOfBounds: outside of what the merchant allows.
        UnknownCurrency: not an ISO 4217 code.
    """
    listed = listed_total(pricing)
    if listed is not None:
        if amount_minor not in {None, listed.minor}:
            raise Invalid("amount_minor", "this link has a fixed price; leave the amount out")
        _require_currency(currency, listed.currency)
        return listed
    if amount_minor is None:
        raise Invalid("amount_minor", "the buyer chooses the amount of this link; it is required")
    match pricing:
        case FlexibleView(currency=own, min_minor=lowest, max_minor=highest):
            _require_currency(currency, own)
        case OpenView(currency=None):
            if currency is None:
                raise Invalid("currency", "the buyer chooses the currency of this link; it is required")
            own, lowest, highest = currency, None, None
        case OpenView(currency=str(own)):
            _require_currency(currency, own)
            lowest, highest = None, None
        case _:
            raise AssertionError(pricing)
    exponent(own)
    lowest, highest = max(lowest or 1, 1), min(highest or MINOR_MAX, MINOR_MAX)
    if not lowest <= amount_minor <= highest:
        raise AmountOutOfBounds(currency=own, min_minor=lowest, max_minor=highest)
    return Money(amount_minor, own)


def _require_currency(sent: str | None, own: str) -> None:
    if sent not in {None, own}:
        raise Invalid("currency", f"this link is paid in {own}")
