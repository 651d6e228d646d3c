"""A callback in the inbox, as people look at it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, get_args
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import IngestVerdict, Verdict

VERDICTS: Final = tuple(dict.fromkeys((*get_args(IngestVerdict), *get_args(Verdict))))


class CallbackSeen(Struct, frozen=True, kw_only=True):
    """`verdict` is `received` until it was applied; `retry_at` is when it is tried again."""

    id: UUID
    org_id: UUID
    provider: str
    account_id: UUID
    event_id: str | None
    verdict: str
    charge_id: UUID | None
    received_at: datetime
    applied_at: datetime | None
    retry_at: datetime | None
    tries: int


class WholeCallback(Struct, frozen=True):
    """As it came. `headers` are those that verify it."""

    row: CallbackSeen
    livemode: bool
    headers: Mapping[str, str]
    body: bytes


class Filters(Struct, frozen=True, kw_only=True):
    """What is None does not matter. `since` is inclusive, `until` is not."""

    provider: str | None = None
    account_id: UUID | None = None
    verdict: str | None = None
    charge_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
