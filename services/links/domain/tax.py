"""Tax rates, and what they make of an amount: whole numbers all the way, rounded half to even once per line."""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from shared.contracts.links import TaxMode
from shared.kernel.faults import Invalid
from shared.kernel.money import Money

NAME_CHARS_MAX: Final = 100
MILLION: Final = 1_000_000
PPM_MAX: Final = MILLION
"""100 %."""
_PPM_PER_PERCENT: Final = 10_000
_DECIMALS: Final = 4
_PERCENT: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))?", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class TaxRate(msgspec.Struct, frozen=True, kw_only=True):
    """`ppm` is parts per million, a hundredth of a basis point: 18 % is 180000. `country` is ISO 3166-1 alpha-2."""

    id: UUID
    org_id: UUID
    livemode: bool
    name: str
    ppm: int
    country: str | None = None
    active: bool = True
    revision: int = 1
    created_at: datetime
    updated_at: datetime


class TaxRateDraft(msgspec.Struct, frozen=True, kw_only=True):
    """UNSET is not named."""

    name: str | UnsetType = UNSET
    ppm: int | UnsetType = UNSET
    country: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class Taxed(msgspec.Struct, frozen=True):
    """An amount taken apart, in minor units: `gross_minor` is `net_minor` and `tax_minor` together, always."""

    net_minor: int
    tax_minor: int
    gross_minor: int


def check(draft: TaxRateDraft) -> None:
    """Raises Invalid when something that is named cannot be accepted."""
    if draft.name is not UNSET:
        texts.check_name("name", draft.name, chars_max=NAME_CHARS_MAX)
    if draft.ppm is not UNSET and not 0 <= draft.ppm <= PPM_MAX:
        raise Invalid("percent", "must be from 0 to 100")
    if isinstance(draft.country, str) and not _COUNTRY.fullmatch(draft.country):
        raise Invalid("country", "must be an ISO 3166-1 code such as 'UG'")


def ppm_of(percent: str) -> int:
    """`"18"` is 180000, `"7.25"` 72500, `"0.0001"` 1.

    Raises:
        Invalid: not a percentage with at most four decimals.
    """
    match = _PERCENT.fullmatch(percent)
    if match is None:
        raise Invalid("percent", "must be a number such as '18' or '7.25', with at most four decimals")
    whole, decimals = match.groups("")
    return int(whole) * _PPM_PER_PERCENT + int(decimals.ljust(_DECIMALS, "0"))


def percent_of(ppm: int) -> str:
    """`18`, `7.25`: the shortest that `ppm_of` reads back."""
    whole, decimals = divmod(ppm, _PPM_PER_PERCENT)
    return f"{whole}.{decimals:04}".rstrip("0").rstrip(".")


def line_total(unit: Money, quantity: int) -> Money:
    return Money(unit.minor * quantity, unit.currency)


def taxed(amount_minor: int, ppm: int, mode: TaxMode) -> Taxed:
    """Of a line's amount: with `exclusive` the tax comes on top of it, with `inclusive` it is part of it."""
    if mode == "exclusive":
        tax = half_even(amount_minor * ppm, MILLION)
        return Taxed(amount_minor, tax, amount_minor + tax)
    tax = half_even(amount_minor * ppm, MILLION + ppm)
    return Taxed(amount_minor - tax, tax, amount_minor)


def half_even(numerator: int, denominator: int) -> int:
    """The quotient of two whole numbers, neither negative, to the nearest whole one; a tie goes to the even one."""
    quotient, remainder = divmod(numerator, denominator)
    double = 2 * remainder
    up = double > denominator or (double == denominator and quotient % 2 == 1)
    return quotient + up
