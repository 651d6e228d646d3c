"""Amounts of providers that count in major units, as decimals; never through a float."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared.kernel.money import MINOR_MAX, Money

_EXACT: Final = Decimal(1)


def to_major(money: Money, exponent: int) -> Decimal:
    """`Money(150050, "NGN")` as `1500.50`; always with the currency's decimals."""
    return Decimal(money.minor).scaleb(-exponent)


def from_major(amount: Decimal, currency: str, exponent: int) -> Money | None:
    """None: no positive amount of whole minor units, or more than we hold."""
    if not _is_held(amount):
        return None
    minor = amount.scaleb(exponent)
    if minor != minor.to_integral_value() or not 1 <= minor <= MINOR_MAX:
        return None
    return Money(int(minor), currency)


def nearest(amount: Decimal, currency: str, exponent: int) -> Money | None:
    """A fee, to the nearest minor unit: providers keep fractions of it (0.58 RWF)."""
    if not _is_held(amount) or amount < 0:
        return None
    return Money(int(amount.scaleb(exponent).quantize(_EXACT, rounding=ROUND_HALF_UP)), currency)


def _is_held(amount: Decimal) -> bool:
    """Also keeps numbers such as 1E999999 away from arithmetic, which would raise."""
    return amount.is_finite() and abs(amount) <= MINOR_MAX
