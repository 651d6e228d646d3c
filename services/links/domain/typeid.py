"""Ids with a prefix, such as `lnk_01jcp0cqgtfw08m4sw9njf6ymb` (TypeID, https://github.com/jetify-com/typeid)."""

from typing import Final
from uuid import UUID

_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES: Final = {digit: value for value, digit in enumerate(_CROCKFORD)}
_DIGITS: Final = 26
_BITS: Final = 5
_UUID_BITS: Final = 128


def as_typeid(prefix: str, value: UUID) -> str:
    """The prefix and the id in 26 digits of Crockford's base 32."""
    shifts = range(_BITS * (_DIGITS - 1), -1, -_BITS)
    return f"{prefix}_" + "".join(_CROCKFORD[(value.int >> shift) & 31] for shift in shifts)


def uuid_of_typeid(prefix: str, text: str) -> UUID | None:
    """The id; None when the text is none of this prefix."""
    head, _, digits = text.rpartition("_")
    if head != prefix or len(digits) != _DIGITS or not all(digit in _VALUES for digit in digits):
        return None
    number = 0
    for digit in digits:
        number = (number << _BITS) | _VALUES[digit]
    return UUID(int=number) if number >> _UUID_BITS == 0 else None
