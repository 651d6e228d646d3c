"""Everything that was said about one link, in one row of numbers without gaps."""

from datetime import datetime
from uuid import UUID

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """`data` is the JSON of the event, as docs/events.md describes it."""

    link_id: UUID
    id: UUID
    type: str
    at: datetime
    data: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`seq` counts from 1."""

    seq: int
    id: UUID
    type: str
    at: datetime
    data: msgspec.Raw
