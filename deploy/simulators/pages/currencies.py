"""ISO 4217 minor units: how many decimals an amount has, and how people read it."""

from iso4217 import Currency

# Funds, metals and test codes have no exponent and cannot be charged.
EXPONENTS: dict[str, int] = {
    str(currency.code): int(currency.exponent) for currency in Currency if currency.exponent is not None
}
GROUP_SEPARATOR = {"en": ",", "fr": "\u202f"}
DECIMAL_SEPARATOR = {"en": ".", "fr": ","}
NO_BREAK_SPACE = "\u00a0"


def format_amount(amount_minor: int, currency: str, *, locale: str) -> str:
    """`UGX 50,000` in English, `50 000 UGX` in French; spaces never break."""
    exponent = EXPONENTS[currency]
    digits = str(amount_minor).rjust(exponent + 1, "0")
    whole, fraction = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    number = f"{int(whole):,}".replace(",", GROUP_SEPARATOR[locale])
    if fraction:
        number += DECIMAL_SEPARATOR[locale] + fraction
    parts = (number, currency) if locale == "fr" else (currency, number)
    return NO_BREAK_SPACE.join(parts)
