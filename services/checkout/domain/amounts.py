"""An amount as a buyer types it."""

import re
import unicodedata
from typing import Final, Literal

from shared.kernel.faults import Fault
from shared.kernel.money import MINOR_MAX, Money, exponent

AmountFlaw = Literal["empty", "not_a_number", "not_positive", "too_many_decimals", "ambiguous", "too_large"]

_TEXT_CHARS_MAX: Final = 40
_APOSTROPHES: Final = re.compile(r"[\s'\u2019_]")
_NUMBER: Final = re.compile(r"[0-9.,]*[0-9][0-9.,]*")
_GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+")
_GROUP_DIGITS: Final = 3


class AmountRefused(Fault):
    code = "amount_refused"

    def __init__(self, flaw: AmountFlaw) -> None:
        super().__init__(flaw=flaw)
        self.flaw: AmountFlaw = flaw


def parse_amount(text: str, currency: str) -> Money:
    """Exactly the amount in major units that `text` says: `50,000`, `50 000`, `12,50`, `1.234,56`, `UGX 50000`.

    One mark before three last digits groups thousands (`1.500` is 1500), except in currencies of three decimals:
    there a point is decimal, as we write it ourselves, and a comma could be either and is refused.

    Raises:
        AmountRefused: no positive amount of this currency, or not surely one.
        UnknownCurrency: from `exponent`.
    """
    digits = exponent(currency)
    whole, decimals = _split(_plain(text, currency), digits)
    kept = decimals.rstrip("0")
    if len(kept) > digits:
        raise AmountRefused("too_many_decimals")
    minor = int(whole or "0") * 10**digits + int(kept.ljust(digits, "0") or "0")
    if minor <= 0:
        raise AmountRefused("not_positive")
    if minor > MINOR_MAX:
        raise AmountRefused("too_large")
    return Money(minor, currency)


def _plain(text: str, currency: str) -> str:
    """`text` as ASCII digits and marks, without spaces and without the currency's code."""
    if not text.strip():
        raise AmountRefused("empty")
    if len(text) > _TEXT_CHARS_MAX:
        raise AmountRefused("too_large")
    folded = "".join(str(unicodedata.decimal(c, c)) for c in text.strip()).upper()
    folded = _APOSTROPHES.sub("", folded.removeprefix(currency).removesuffix(currency))
    if folded.startswith(("-", "\u2212")):
        raise AmountRefused("not_positive")
    if not _NUMBER.fullmatch(folded):
        raise AmountRefused("not_a_number")
    return folded


def _split(number: str, digits: int) -> tuple[str, str]:
    """The digits before and after the decimal mark."""
    marks = [c for c in number if c in ".,"]
    if not marks:
        return number, ""
    if len(set(marks)) == 1:
        if len(marks) > 1:
            return _ungrouped(number), ""
        whole, decimals = re.split("[.,]", number)
        if not _GROUPED.fullmatch(number):
            return whole, decimals
        if digits != _GROUP_DIGITS:
            return whole + decimals, ""
        if marks == [","]:
            raise AmountRefused("ambiguous")
        return whole, decimals
    whole, _, decimals = number.rpartition(marks[-1])
    if marks.count(marks[-1]) > 1:
        raise AmountRefused("not_a_number")
    return _ungrouped(whole), decimals


def _ungrouped(number: str) -> str:
    if not _GROUPED.fullmatch(number):
        raise AmountRefused("not_a_number")
    return re.sub("[.,]", "", number)
