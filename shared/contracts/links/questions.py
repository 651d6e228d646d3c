"""What links is asked, and what it answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.contracts.links.views import LinkView, RefusalReason, UsesView
from shared.kernel.money import Money


class FindLink(msgspec.Struct, frozen=True):
    """By `slug`, also one that the link has given up; by `link_id` where that is given."""

    slug: str = ""
    link_id: UUID | None = None


class LinkFound(msgspec.Struct, frozen=True, tag_field="outcome", tag="found"):
    """`held_until`: when the first use comes free again, where every use that is left is held."""

    link: LinkView
    held_until: datetime | None = None


class LinkMissing(msgspec.Struct, frozen=True, tag_field="outcome", tag="missing"):
    pass


FindLinkReply = LinkFound | LinkMissing


CouponRefusal = Literal["unknown", "expired", "used_up", "other_currency", "not_allowed", "leaves_nothing"]


class FindCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """`code` as the buyer wrote it. With `subtotal` the answer says what comes off it, or that it does not fit."""

    org_id: UUID
    livemode: bool
    link_id: UUID
    code: str
    subtotal: Money | None = None


class CouponFound(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="found"):
    """Either `percent_bps` (2500 is 25 %) or `amount`. `discount` is what comes off the subtotal that was named."""

    coupon_id: UUID
    code: str
    percent_bps: int | None = None
    amount: Money | None = None
    currency: str | None = None
    ends_at: datetime | None = None
    discount: Money | None = None


class CouponMissing(msgspec.Struct, frozen=True, tag_field="outcome", tag="missing"):
    reason: CouponRefusal


FindCouponReply = CouponFound | CouponMissing


class HoldUse(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for one use for a checkout session until `held_until`. Asking again for the session extends the hold.

    With `coupon_id` a redemption of that coupon is held, settled and given back together with the use.
    """

    org_id: UUID
    link_id: UUID
    session_id: UUID
    charge_id: UUID
    held_until: datetime
    coupon_id: UUID | None = None


class UseIsHeld(msgspec.Struct, frozen=True, tag_field="outcome", tag="held"):
    held_until: datetime


class UseIsRefused(msgspec.Struct, frozen=True, tag_field="outcome", tag="refused"):
    """The link refuses for good (`reason`, `since`)."""

    reason: RefusalReason
    since: datetime | None = None


class AllUsesHeld(msgspec.Struct, frozen=True, tag_field="outcome", tag="all_held"):
    """Every use that is left is held by another buyer, who may yet fail: worth trying again at `retry_at`."""

    retry_at: datetime


class CouponIsRefused(msgspec.Struct, frozen=True, tag_field="outcome", tag="coupon_refused"):
    """The link would take the buyer; the coupon has no redemption left for them. Nothing is held."""

    reason: CouponRefusal


HoldUseReply = UseIsHeld | UseIsRefused | AllUsesHeld | CouponIsRefused | LinkMissing


class SettleUse(msgspec.Struct, frozen=True, kw_only=True):
    org_id: UUID
    link_id: UUID
    session_id: UUID
    charge_id: UUID
    total: Money


class ReleaseUse(msgspec.Struct, frozen=True, kw_only=True):
    """Gives the use back, if it is still held for this very charge: a buyer who has tried again meanwhile keeps it."""

    org_id: UUID
    link_id: UUID
    session_id: UUID
    charge_id: UUID
    reason: Literal["failed", "lapsed", "abandoned"]


class UseState(msgspec.Struct, frozen=True):
    """What became of the use, and the link's counters."""

    state: Literal["held", "settled", "released", "refused", "unknown"]
    uses: UsesView | None = None
