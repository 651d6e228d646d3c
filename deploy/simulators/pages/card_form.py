"""Reads the card form of the hosted page, as a person fills it in."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from deploy.simulators.pages.cards import brand_rule, card_fault

_EXPIRY = re.compile(r"\s*(\d{1,2})\s*[/ .-]?\s*(?:20)?(\d{2})\s*", re.ASCII)
_SEPARATORS = re.compile(r"[\s-]")
TYPED_MAX = 64
CENTURY = 2_000
AMEX_CVC_LENGTH = 4


class TypedCard(msgspec.Struct, frozen=True):
    """`number` and `cvc` are digits only; the year has four. Never stored and never logged."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str


class CardForm(msgspec.Struct, frozen=True):
    """`errors` maps a field to the key of the text that explains it. Only the expiry is ever shown again."""

    card: TypedCard | None = None
    expiry: str = ""
    errors: dict[str, str] = {}


def read_card_form(fields: Mapping[str, str], *, now_ms: int) -> CardForm:
    number = _digits(fields.get("number", ""))
    cvc = _digits(fields.get("cvc", ""))
    typed_expiry = fields.get("expiry", "")[:TYPED_MAX]
    expiry = _EXPIRY.fullmatch(typed_expiry)
    month, year = (int(expiry[1]), CENTURY + int(expiry[2])) if expiry else (0, 0)
    today = datetime.fromtimestamp(now_ms // 1_000, UTC)
    rule = brand_rule(number or "")
    checks = {
        "number": _number_error(number),
        "expiry": _expiry_error(typed_expiry, month, year, today=(today.year, today.month)),
        "cvc": _cvc_error(cvc, rule.cvc_length if rule else None),
    }
    errors = {field: error for field, error in checks.items() if error}
    card = None if errors else TypedCard(number or "", month, year, cvc or "")
    return CardForm(card=card, expiry=typed_expiry, errors=errors)


def _digits(typed: str) -> str | None:
    """The digits, empty for nothing typed, null for anything else."""
    compact = _SEPARATORS.sub("", typed[:TYPED_MAX])
    return compact if not compact or (compact.isascii() and compact.isdigit()) else None


def _number_error(number: str | None) -> str | None:
    if number == "":
        return "number_missing"
    is_wrong = number is None or card_fault(number, exp_month=1, exp_year=1, cvc="", today=(1, 1)) == "number"
    return "number_invalid" if is_wrong else None


def _expiry_error(typed: str, month: int, year: int, *, today: tuple[int, int]) -> str | None:
    years_max = 20
    if not typed.strip():
        return "expiry_missing"
    if not 1 <= month <= 12 or year > today[0] + years_max:  # noqa: PLR2004 - months
        return "expiry_invalid"
    return "expiry_past" if (year, month) < today else None


def _cvc_error(cvc: str | None, length: int | None) -> str | None:
    if cvc == "":
        return "cvc_missing"
    lengths = {length} if length else {3, AMEX_CVC_LENGTH}
    if cvc is not None and len(cvc) in lengths:
        return None
    return "cvc_invalid_4" if length == AMEX_CVC_LENGTH else "cvc_invalid"
