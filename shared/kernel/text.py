"""What text we accept from outside."""

import re
from typing import Final

# All but tab, newline and carriage return: PostgreSQL refuses NUL, terminals and mails suffer from the rest.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DIGIT_RUN: Final = re.compile(r"(?:\d[ \-.]?){12,18}\d")
_LUHN_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def has_control_characters(text: str) -> bool:
    return _CONTROL.search(text) is not None


def looks_like_card_number(text: str) -> bool:
    """Whether 13 to 19 digits in a row (blanks, dots and dashes allowed) pass the Luhn check of ISO/IEC 7812-1."""
    for run in _DIGIT_RUN.finditer(text):
        digits = [int(character) for character in run.group() if character.isdigit()]
        if _passes_luhn(digits):
            return True
    return False


def _passes_luhn(digits: list[int]) -> bool:
    doubled = sum(_LUHN_DOUBLED[digit] for digit in digits[-2::-2])
    return (doubled + sum(digits[-1::-2])) % 10 == 0
