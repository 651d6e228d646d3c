"""What stands behind the question mark: of requests that are no lists, and the filters that lists share."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from services.links.dialects.native.routes.call import NativeRequest
from shared.kernel.faults import Invalid
from shared.runtime.listing import VALUE_CHARS_MAX, Listing

SEQ_MAX: Final = 10**15
_TRUTH: Final = {"true": True, "false": False}
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def query(request: NativeRequest, known: Iterable[str]) -> dict[str, str]:
    """Each name at most once.

    Raises:
        Invalid: a name that is not known: `dryrun=true` must not be taken for the real thing.
    """
    if not request.scope["query_string"]:
        return {}
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise Invalid(name[:64], "is not a parameter of this request")
        if name in found or len(value) > VALUE_CHARS_MAX:
            raise Invalid(name, "must stand once, and be short")
        found[name] = value
    return found


def active_of(asked: Listing) -> bool | None:
    """The filter `active`; None is both.

    Raises:
        Invalid: it is neither true nor false.
    """
    value = asked.filters.get("active")
    if value is not None and value not in _TRUTH:
        raise Invalid("active", "must be true or false")
    return None if value is None else _TRUTH[value]


def currency_of(asked: Listing) -> str | None:
    """The filter `currency`.

    Raises:
        Invalid: it is not shaped like a currency.
    """
    currency = asked.filters.get("currency")
    if currency is not None and not _CURRENCY.fullmatch(currency):
        raise Invalid("currency", "must be an ISO 4217 code such as 'UGX'")
    return currency


def dry_run(request: NativeRequest) -> bool:
    """Raises: Invalid."""
    value = query(request, ("dry_run",)).get("dry_run", "false")
    if value not in _TRUTH:
        raise Invalid("dry_run", "must be true or false")
    return _TRUTH[value]


def moment(field: str, text: str) -> datetime:
    """RFC 3339, with an offset or Z.

    Raises:
        Invalid.
    """
    try:
        # A + in a query that was not escaped is a blank.
        parsed = datetime.fromisoformat(text.replace(" ", "+"))
        aware = parsed.astimezone(UTC) if parsed.tzinfo is not None else None
    except (ValueError, OverflowError):
        aware = None
    if aware is None:
        raise Invalid(field, "must be a time such as '2026-11-21T09:00:00Z'")
    return aware


def whole(field: str, text: str, least: int, *, most: int) -> int:
    """Raises: Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise Invalid(field, f"must be from {least} to {most}")
    return int(text)
