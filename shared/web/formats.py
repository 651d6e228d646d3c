"""Money and time as a reader of a locale expects them. For display only: nothing here is ever parsed back."""

import copy
import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import get_decimal_symbol, get_group_symbol
from msgspec import Struct

from shared.kernel.money import exponent

_CACHED: Final = 4096
_NARROW_TO_PLAIN: Final = str.maketrans({"\u202f": "\u00a0"})  # many phones' fonts lack the narrow no-break space


class MoneyShape(Struct, frozen=True):
    """How an amount is written, so that a script can write one too: `prefix + grouped number + suffix`."""

    prefix: str
    suffix: str
    group: str
    decimal: str
    digits: int


@lru_cache(_CACHED)
def format_money(minor: int, currency: str, locale: str) -> str:
    """`UGX 50,000` in English, `50 000 UGX` in French: symbols and marks by CLDR, decimals by ISO 4217."""
    digits = exponent(currency)
    # Babel ships no types for patterns.
    pattern: Any = copy.copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    text: str = pattern.apply(Decimal(minor).scaleb(-digits), locale, currency=currency, currency_digits=False)
    # A code or a word needs air; a sign such as $ does not.
    text = re.sub(r"(?<=[^\W\d])(?=[-\d])|(?<=\d)(?=[^\W\d])", "\u00a0", text)
    return text.translate(_NARROW_TO_PLAIN)


def format_plain_amount(minor: int, currency: str) -> str:
    """What stands in an amount field: `12.50`, no marks but the decimal point."""
    digits = exponent(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


@lru_cache(_CACHED)
def money_shape(currency: str, locale: str) -> MoneyShape:
    text = format_money(0, currency, locale)
    digits = exponent(currency)
    zero = f"0{get_decimal_symbol(locale)}{'0' * digits}" if digits else "0"
    prefix, _, suffix = text.partition(zero)
    group = get_group_symbol(locale).translate(_NARROW_TO_PLAIN)
    return MoneyShape(prefix=prefix, suffix=suffix, group=group, decimal=get_decimal_symbol(locale), digits=digits)


@lru_cache(_CACHED)
def format_moment(moment: datetime, locale: str, *, zone: str) -> str:
    """Date, time and zone: `5 March 2027 at 14:05 EAT`. `moment` is aware; an unknown `zone` reads as UTC."""
    there = moment.astimezone(_zone(zone))
    return f"{format_date(there, 'long', locale)}, {_clock(there, locale)}"


@lru_cache(_CACHED)
def format_day(moment: datetime, locale: str, *, zone: str) -> str:
    """The date alone: `5 March 2027`, as it is in `zone`."""
    return format_date(moment.astimezone(_zone(zone)), "long", locale)


@lru_cache(_CACHED)
def format_clock(moment: datetime, locale: str, *, zone: str) -> str:
    """The time of day with its zone: `14:05 EAT`."""
    return _clock(moment.astimezone(_zone(zone)), locale)


def format_date_field(moment: datetime) -> str:
    """For `datetime` attributes: RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _clock(there: datetime, locale: str) -> str:
    text = format_time(there, "short", locale=locale).translate(_NARROW_TO_PLAIN)
    return f"{text}\u00a0{there.tzname() or 'UTC'}"


@lru_cache(_CACHED)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
