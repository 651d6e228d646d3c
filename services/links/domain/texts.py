"""Texts and small maps that a merchant writes."""

import re
from collections.abc import Mapping
from typing import Final

from shared.kernel.faults import Invalid
from shared.kernel.text import has_control_characters, looks_like_card_number

METADATA_KEYS_MAX: Final = 50
METADATA_KEY_CHARS_MAX: Final = 40
METADATA_VALUE_CHARS_MAX: Final = 500
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def check_name(field: str, name: str, *, chars_max: int) -> None:
    """Titles and names stand in subjects of mails and in what providers show to payers: one line, and not empty."""
    if not name.strip():
        raise Invalid(field, "must not be blank")
    if any(character in name for character in "\t\r\n"):
        raise Invalid(field, "must be one line")
    check_text(field, name, chars_max=chars_max)


def check_text(field: str, text: str | None, *, chars_max: int) -> None:
    if text is None:
        return
    if len(text) > chars_max:
        raise Invalid(field, f"must have at most {chars_max} characters")
    if has_control_characters(text):
        raise Invalid(field, "must not hold control characters")
    if looks_like_card_number(text):
        raise Invalid(field, "must not hold a card number")


def check_metadata(metadata: Mapping[str, str]) -> None:
    if len(metadata) > METADATA_KEYS_MAX:
        raise Invalid("metadata", f"must have at most {METADATA_KEYS_MAX} keys")
    for key, value in metadata.items():
        check_name("metadata", key, chars_max=METADATA_KEY_CHARS_MAX)
        check_text(f"metadata.{key}", value, chars_max=METADATA_VALUE_CHARS_MAX)


def check_color(field: str, color: str | None) -> None:
    if color is not None and not _COLOR.fullmatch(color):
        raise Invalid(field, "must be a color such as '#0a7d4f'")
