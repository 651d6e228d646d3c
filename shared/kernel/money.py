"""Money as whole minor units of an ISO 4217 currency."""

from typing import Final

import msgspec
from iso4217 import Currency

from shared.kernel.faults import Fault

MINOR_MAX: Final = 10**15
"""Largest amount accepted anywhere, in minor units: fits a 64-bit column with room for sums of 9,000 of them."""

_EXPONENTS: Final[dict[str, int]] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}


class UnknownCurrency(Fault):
    """The code is not an ISO 4217 currency that money can be held in (metals and test codes are not)."""

    code = "unknown_currency"

    def __init__(self, currency: str) -> None:
        super().__init__(currency=currency[:16])


class CurrencyMismatch(Fault):
    code = "currency_mismatch"

    def __init__(self, left: str, right: str) -> None:
        super().__init__(left=left, right=right)


def exponent(currency: str) -> int:
    """Count of decimals of `currency` by ISO 4217: UGX 0, USD 2, KWD 3.

    Raises:
        UnknownCurrency: not an ISO 4217 code with decimals.
    """
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def currencies() -> frozenset[str]:
    return frozenset(_EXPONENTS)


class Money(msgspec.Struct, frozen=True, rename={"minor": "amount_minor"}):
    """An amount in whole minor units: `Money(50000, "UGX")` is fifty thousand shillings, `Money(1999, "USD")` $19.99.

    On the wire: `{"amount_minor": 50000, "currency": "UGX"}`.
    """

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return Money(self.minor + other.minor, self.currency)
