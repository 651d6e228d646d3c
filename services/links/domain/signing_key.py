"""When a key signs, and how long what it signed is still believed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

TOKEN_LIFETIME: Final = timedelta(hours=24)
SIGNS_FOR: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=1)
"""So long before its time a key is made and published: everybody who checks tokens has then asked for keys again."""
BELIEVED_FOR: Final = TOKEN_LIFETIME + timedelta(hours=1)
"""After its last signature; the hour is for clocks that differ."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    kid: str
    public_x: str
    sealed_private: bytes
    signs_from: datetime
    signs_until: datetime


class Span(msgspec.Struct, frozen=True):
    """When a key that is missing is to sign."""

    begin: datetime
    end: datetime


def signing(keys: Sequence[SigningKey], now: datetime) -> SigningKey | None:
    """The newest of those that sign now."""
    return max(
        (key for key in keys if key.signs_from <= now < key.signs_until), key=lambda key: key.signs_from, default=None
    )


def missing(keys: Sequence[SigningKey], now: datetime) -> Span | None:
    """The span of the next key to make: at once when nobody signs, else a day before the last one ends."""
    if signing(keys, now) is None:
        return Span(now, now + SIGNS_FOR)
    last = max(key.signs_until for key in keys)
    return Span(last, last + SIGNS_FOR) if last - now <= AHEAD else None
