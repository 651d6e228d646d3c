"""What can be said of a card from its number alone. Nothing here keeps one."""

from typing import Literal

import msgspec

Brand = Literal["visa", "mastercard", "verve", "amex", "discover", "jcb", "diners", "unionpay"]
CardFault = Literal["number", "expiry", "cvc"]


class BrandRule(msgspec.Struct, frozen=True):
    """`ranges` are inclusive and compared on as many leading digits as they have."""

    brand: Brand
    name: str
    ranges: tuple[tuple[str, str], ...]
    lengths: tuple[int, ...] = (16,)
    cvc_length: int = 3
    groups: tuple[int, ...] = (4, 4, 4, 4, 3)


# The first match wins: Verve lies inside a range of Discover and is looked for before it.
BRANDS: tuple[BrandRule, ...] = (
    BrandRule("verve", "Verve", (("506099", "506198"), ("650002", "650027")), lengths=(16, 18, 19)),
    BrandRule("visa", "Visa", (("4", "4"),), lengths=(13, 16, 19)),
    BrandRule("mastercard", "Mastercard", (("51", "55"), ("2221", "2720"))),
    BrandRule("amex", "Amex", (("34", "34"), ("37", "37")), lengths=(15,), cvc_length=4, groups=(4, 6, 5)),
    BrandRule("discover", "Discover", (("6011", "6011"), ("644", "649"), ("65", "65")), lengths=(16, 19)),
    BrandRule("jcb", "JCB", (("3528", "3589"),), lengths=(16, 19)),
    BrandRule("diners", "Diners", (("300", "305"), ("36", "36"), ("38", "39")), lengths=(14, 16, 19)),
    BrandRule("unionpay", "UnionPay", (("62", "62"),), lengths=(16, 17, 18, 19)),
)


def brand_rule(digits: str) -> BrandRule | None:
    for rule in BRANDS:
        for low, high in rule.ranges:
            prefix = digits[: len(low)]
            if len(prefix) == len(low) and low <= prefix <= high:
                return rule
    return None


def luhn_valid(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - ISO/IEC 7812-1 annex B
    return total % 10 == 0


def card_fault(number: str, *, exp_month: int, exp_year: int, cvc: str, today: tuple[int, int]) -> CardFault | None:
    """The first field that is wrong. `number` and `cvc` are digits only; `today` is (year, month), in UTC.

    A card is good until the end of the month on it, and none lives longer than 20 years.
    """
    rule = brand_rule(number)
    if rule is None or len(number) not in rule.lengths or not luhn_valid(number):
        return "number"
    years_max = 20
    if not 1 <= exp_month <= 12 or not today <= (exp_year, exp_month) <= (today[0] + years_max, 12):  # noqa: PLR2004
        return "expiry"
    return None if len(cvc) == rule.cvc_length else "cvc"
