"""Texts and small maps that a merchant writes."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

import msgspec

from shared.kernel.faults import Invalid
from shared.kernel.text import has_control_characters, looks_like_card_number

METADATA_KEYS_MAX: Final = 50
METADATA_KEY_CHARS_MAX: Final = 100
METADATA_VALUE_CHARS_MAX: Final = 2_000
METADATA_BYTES_MAX: Final = 16 * 1024
METADATA_DEPTH_MAX: Final = 8
METADATA_DIGITS_MAX: Final = 60
CARDS_BEGIN_WITH: Final = "3456"
_json: Final = msgspec.json.Encoder(decimal_format="number")
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def check_name(field: str, name: str, *, chars_max: int) -> None:
    """Titles and names stand in subjects of mails and in what providers show to payers: one line, and not empty.

    Raises:
        Invalid: that, or what `check_text` refuses.
    """
    if not name.strip():
        raise Invalid(field, "must not be blank")
    if any(character in name for character in "\t\r\n"):
        raise Invalid(field, "must be one line")
    check_text(field, name, chars_max=chars_max)


def check_text(field: str, text: str | None, *, chars_max: int) -> None:
    """Raises: Invalid: too long, with control characters, or what looks like a card number."""
    if text is None:
        return
    if len(text) > chars_max:
        raise Invalid(field, f"must have at most {chars_max} characters")
    if has_control_characters(text):
        raise Invalid(field, "must not hold control characters")
    if looks_like_card_number(text):
        raise Invalid(field, "must not hold a card number")


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Any JSON object, within bounds.

    Raises:
        Invalid: too large, too deep, or a text in it that no text may hold.
    """
    if len(_json.encode(metadata)) > METADATA_BYTES_MAX:
        raise Invalid("metadata", f"must have at most {METADATA_BYTES_MAX} bytes")
    _check_object("metadata", metadata, depth=1)


def _check_object(field: str, values: Mapping[str, Any], *, depth: int) -> None:
    if len(values) > METADATA_KEYS_MAX:
        raise Invalid(field, f"must have at most {METADATA_KEYS_MAX} keys")
    for key, value in values.items():
        check_name(field, key, chars_max=METADATA_KEY_CHARS_MAX)
        _check_value(f"{field}.{key}", value, depth=depth)


def _check_value(field: str, value: Any, *, depth: int) -> None:
    match value:
        case str():
            check_text(field, value, chars_max=METADATA_VALUE_CHARS_MAX)
        case dict() | list() if depth > METADATA_DEPTH_MAX:
            raise Invalid(field, f"must be nested at most {METADATA_DEPTH_MAX} deep")
        case dict():
            _check_object(field, cast("dict[str, Any]", value), depth=depth + 1)
        case list():
            for item in cast("list[Any]", value):
                _check_value(field, item, depth=depth + 1)
        case bool() | None:
            pass
        case _:
            _check_number(field, value)


def _check_number(field: str, value: int | Decimal) -> None:
    """Numbers are kept digit by digit, and a card number is refused as a number, too."""
    near = isinstance(value, int) or (value.is_finite() and abs(value.adjusted()) < METADATA_DIGITS_MAX)
    text = format(value, "f") if near else ""
    if not text or len(text) > METADATA_DIGITS_MAX:
        raise Invalid(field, f"must be a number of at most {METADATA_DIGITS_MAX} digits")
    # Times in milliseconds and ids are numbers, too: only what begins like a card is looked at.
    if text[0] in CARDS_BEGIN_WITH:
        check_text(field, text, chars_max=METADATA_DIGITS_MAX)


def check_color(field: str, color: str | None) -> None:
    """Raises: Invalid: not written as `#0a7d4f`."""
    if color is not None and not _COLOR.fullmatch(color):
        raise Invalid(field, "must be a color such as '#0a7d4f'")
