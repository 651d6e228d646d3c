"""What a link would do, did, and was: eligibility, timeline, feed, and whether a slug is free."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.links.dialects.native.wire.links import PaymentLink, State

Rule = Literal[
    "archived",
    "revoked",
    "deleted",
    "expired",
    "exhausted",
    "all_held",
    "paused",
    "not_started",
    "no_payable_method",
    "product_archived",
    "plan_archived",
    "recipient_unverified",
]
Change = Literal["created", "updated", "paused", "resumed", "archived", "revoked", "deleted"]


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that fails now.

    `until` is when that ends by itself. What is not `blocking` is worth knowing and keeps no buyer from paying.
    `about` is the product or plan.
    """

    code: Rule
    blocking: bool
    since: datetime | None
    until: datetime | None
    about: UUID | None
    next_step: str


class Eligibility(msgspec.Struct, frozen=True, kw_only=True):
    """`eligible`: a buyer who comes now may begin to pay. `failing` holds every rule, not only the first."""

    link_id: UUID
    eligible: bool
    state: State
    checked_at: datetime
    failing: list[Failing]


class FieldChange(msgspec.Struct, frozen=True):
    """`field` as in a payment link; the cap is `uses_max`."""

    field: str
    old: Any
    new: Any


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is `key:<id>`, `member:<id>` or `token:<subject>`; empty for links from before that was kept."""

    revision: int
    change: Change
    by: str
    at: datetime
    fields: list[FieldChange]


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """With `as_of`, `link` is the payment link as it was then, and `data` ends there; else it is the present one."""

    link: PaymentLink
    as_of: datetime | None
    data: list[TimelineEntry]
    has_more: bool
    next_cursor: str | None


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. `data` is as docs/events.md describes its `type`; `id` is the fact's own, the same on the bus."""

    seq: int
    id: UUID
    type: str
    at: datetime
    data: dict[str, Any]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """Ask again with `after_seq=<last_seq>`. Numbers begin at 1 and have no gaps."""

    data: list[FeedEntry]
    last_seq: int
    has_more: bool


class SlugAvailability(msgspec.Struct, frozen=True, kw_only=True):
    """`rule` says what is wrong with it. `suggestions` were free a moment ago; nothing is reserved."""

    slug: str
    available: bool
    reason: Literal["taken", "reserved", "malformed"] | None
    rule: str | None
    suggestions: list[str]
