"""Numbered pages."""

from collections.abc import Mapping
from typing import Final

import msgspec

from shared.kernel.faults import Invalid

PAGE_MAX: Final = 100_000


class Paging(msgspec.Struct, frozen=True):
    page: int
    size: int


def paging(query: Mapping[str, str], *, size_name: str, default: int, most: int) -> Paging:
    """`page` (from 1) and the page's size out of a query.

    Raises:
        Invalid: not a number, or out of bounds.
    """
    return Paging(number(query, "page", default=1, most=PAGE_MAX), number(query, size_name, default=default, most=most))


def number(query: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    """From 1 to `most`. Raises: Invalid: anything else."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):  # noqa: PLR2004 - digits
        raise Invalid(name, f"must be a whole number from 1 to {most}")
    return int(text)


def boolean(query: Mapping[str, str], name: str) -> bool | None:
    """`true` or `false`; None where it is not named. Raises: Invalid: anything else."""
    text = query.get(name)
    if text is None:
        return None
    if text.lower() not in {"true", "false"}:
        raise Invalid(name, "must be true or false")
    return text.lower() == "true"
