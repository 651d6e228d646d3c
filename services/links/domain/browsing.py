"""Lists by numbered pages, as four of the dialects have them."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from services.links.domain.link import Link
from services.links.domain.revenue import Earned
from shared.contracts.links import EndedAs

PricingKind = Literal["fixed", "flexible", "open", "product", "plan", "cart"]


class LinkFilter(msgspec.Struct, frozen=True, kw_only=True):
    """None lets everything through. `active` is whether a buyer could pay it now, apart from a start in the future.

    `hidden` ends are left out: what a dialect deleted is gone there.
    """

    kinds: tuple[PricingKind, ...] | None = None
    currency: str | None = None
    active: bool | None = None
    include_expired: bool = True
    recipient_email: str | None = None
    product_id: UUID | None = None
    hidden: tuple[EndedAs, ...] = ()


class Browsed(msgspec.Struct, frozen=True):
    """One page, newest first, each link with what it earned; `total` counts all that match."""

    total: int
    items: Sequence[tuple[Link, tuple[Earned, ...]]]


class ChargeCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How the charges of a link stand."""

    total: int = 0
    succeeded: int = 0
    pending: int = 0
    failed: int = 0
