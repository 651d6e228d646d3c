"""What Flutterwave takes, and in which units: it counts in major units, as JSON numbers."""

from typing import Final

EXPONENTS: Final[dict[str, int]] = {
    "EUR": 2,
    "GBP": 2,
    "GHS": 2,
    "KES": 2,
    "NGN": 2,
    "RWF": 0,
    "TZS": 2,
    "UGX": 0,
    "USD": 2,
    "XAF": 0,
    "XOF": 0,
    "ZAR": 2,
    "ZMW": 2,
}
"""Decimals of an amount; equal to ISO 4217 for these, and kept here since the provider decides it."""

CARD: Final = frozenset(EXPONENTS)
MOBILE_MONEY: Final = frozenset({"UGX", "RWF", "XOF", "XAF"})
USSD: Final = frozenset({"NGN"})
BANK_TRANSFER: Final = frozenset({"NGN"})

FRANCO_COUNTRIES: Final[dict[str, dict[str, str]]] = {
    "XOF": {"+221": "SN", "+223": "ML", "+225": "CI", "+226": "BF"},
    "XAF": {"+237": "CM"},
}
"""Countries of `mobile_money_franco` by currency and the phone number's country code."""
