"""Stripe counts in its own smallest units, which are not ISO 4217's for every currency.

https://docs.stripe.com/currencies#zero-decimal and #special-cases.
"""

from typing import Final

from shared.kernel.money import Money, exponent

# fmt: off
NO_DECIMALS: Final = frozenset([
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
])
# fmt: on
THREE_DECIMALS: Final = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
WHOLE_IN_HUNDREDTHS: Final = frozenset(["ISK", "UGX"])
"""Written with two decimals that must be 00: their money has none, and Stripe kept the old way of writing it."""
# fmt: off
TAKEN: Final = frozenset([
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP",
    "GEL", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "ISK",
    "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR",
    "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR",
    "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN",
    "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS",
    "SRD", "SZL", "THB", "TJS", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU",
    "UZS", "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW",
])
# fmt: on
"""https://docs.stripe.com/currencies#presentment-currencies; what an account really takes depends on its country."""


class NotWhole(ValueError):  # noqa: N818 - says what it is
    """The amount does not exist on the other side: it would have to be rounded."""


def decimals(currency: str) -> int:
    """How many decimals Stripe writes."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def step(currency: str) -> int:
    """Stripe takes only multiples of this, in its own unit."""
    if currency in WHOLE_IN_HUNDREDTHS:
        return 100
    return 10 if currency in THREE_DECIMALS else 1


def to_stripe(money: Money) -> int:
    """`Money(50000, "UGX")` is 5000000, `Money(50000, "RWF")` 50000, `Money(1999, "USD")` 1999.

    Raises:
        NotWhole: Stripe has no such amount (1.234 KWD, 0.50 MGA).
    """
    amount = _scaled(money.minor, decimals(money.currency) - exponent(money.currency))
    if amount % step(money.currency):
        raise NotWhole(f"{money.minor} {money.currency}")
    return amount


def from_stripe(amount: int, currency: str) -> Money:
    """`currency` in capitals.

    Raises:
        NotWhole: ISO 4217 has no such amount (50 of Stripe's units of UGX).
        UnknownCurrency.
    """
    return Money(_scaled(amount, exponent(currency) - decimals(currency)), currency)


def _scaled(amount: int, places: int) -> int:
    if places >= 0:
        return amount * 10**places
    whole, rest = divmod(amount, 10**-places)
    if rest:
        raise NotWhole(str(amount))
    return whole
