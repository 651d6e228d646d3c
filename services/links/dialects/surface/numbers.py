"""Amounts as the five documents write them: numbers in major units, or in minor ones, never through a float."""

from decimal import Decimal
from typing import Final

from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money, exponent

_DIGITS_MAX: Final = 20
_CENTS: Final = 2


def from_major(field: str, number: Decimal, currency: str) -> Money:
    """`Decimal("19.99")`, USD as 1999 cents.

    Raises:
        Invalid: not a positive amount that this currency can pay.
        UnknownCurrency: from `exponent`.
    """
    decimals = exponent(currency)
    shifted = _bounded(field, number).scaleb(decimals)
    return Money(_whole(field, shifted, f"must have at most {decimals} decimals"), currency)


def from_minor(field: str, number: Decimal, currency: str) -> Money:
    """`Decimal("1999")`, USD as 1999 cents, also where it is written 1999.00.

    Raises:
        Invalid: not a positive whole number.
        UnknownCurrency: from `exponent`.
    """
    exponent(currency)
    return Money(_whole(field, _bounded(field, number), "must be a whole number of the smallest unit"), currency)


def major(money: Money) -> Decimal:
    """In major units, with the currency's own decimals where there is a fraction: 50000, 19.99."""
    amount = Decimal(money.minor).scaleb(-exponent(money.currency))
    whole = amount.to_integral_value()
    return whole if whole == amount else amount


def major_text(money: Money) -> str:
    """In major units with at least two decimals, as in "500.00"; 1.500 KWD keeps its three."""
    return format(major_fixed(money), "f")


def major_fixed(money: Money) -> Decimal:
    """In major units, with at least two decimals: 500.00."""
    decimals = max(_CENTS, exponent(money.currency))
    return Decimal(money.minor).scaleb(-exponent(money.currency)).quantize(Decimal(1).scaleb(-decimals))


def minor_fixed(money: Money) -> Decimal:
    """In minor units with two decimals, as one document writes them: 5000.00."""
    return Decimal(money.minor).quantize(Decimal("0.01"))


def _bounded(field: str, number: Decimal) -> Decimal:
    # Checked before any arithmetic: 1e999999 is a short text and a very long number.
    if not number.is_finite() or number.adjusted() > _DIGITS_MAX or len(number.as_tuple().digits) > 2 * _DIGITS_MAX:
        raise Invalid(field, "must be an amount")
    return number


def _whole(field: str, number: Decimal, rule: str) -> int:
    if number != number.to_integral_value():
        raise Invalid(field, rule)
    minor = int(number)
    if not 1 <= minor <= MINOR_MAX:
        raise Invalid(field, "must be greater than 0, and not too large")
    return minor
