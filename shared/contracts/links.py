"""What `links` says on the bus, and what it answers."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.contracts.envelope import Event
from shared.kernel.money import Money

Method = Literal["card", "mobile_money", "ussd", "bank_transfer"]
LateSuccessPolicy = Literal["accept", "review", "refund"]
EndedAs = Literal["archived", "revoked", "deleted"]
TaxMode = Literal["inclusive", "exclusive"]
RefusalReason = Literal["not_started", "expired", "exhausted", "paused", "archived", "revoked", "deleted"]


class FixedView(msgspec.Struct, frozen=True, tag_field="type", tag="fixed"):
    total: Money


class FlexibleView(msgspec.Struct, frozen=True, tag_field="type", tag="flexible"):
    """The buyer chooses an amount between the bounds (minor units of `currency`; None is unbounded)."""

    currency: str
    min_minor: int | None = None
    max_minor: int | None = None


class OpenView(msgspec.Struct, frozen=True, tag_field="type", tag="open"):
    """The buyer chooses any amount; where no currency is named, any of the organization's."""

    currency: str | None = None


class ProductView(msgspec.Struct, frozen=True, tag_field="type", tag="product"):
    """A product as it was when the link was made or last changed."""

    product_id: UUID
    name: str
    total: Money
    description: str | None = None
    image_url: str | None = None


class PlanView(msgspec.Struct, frozen=True, tag_field="type", tag="plan"):
    plan_id: UUID
    name: str
    total: Money
    interval: str
    interval_count: int = 1


class CartItemView(msgspec.Struct, frozen=True, kw_only=True):
    """`tax_minor` is the tax of the whole line: part of `unit` when the cart's tax is inclusive, else on top."""

    product_id: UUID | None = None
    name: str
    unit: Money
    quantity: int
    tax_minor: int = 0
    tax_name: str | None = None
    description: str | None = None
    image_url: str | None = None


class CartView(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="cart"):
    """`total` includes the tax. `also` are the same items in other currencies, for a buyer who prefers one."""

    items: tuple[CartItemView, ...]
    total: Money
    tax_mode: TaxMode = "exclusive"
    tax_minor: int = 0
    also: tuple["CartView", ...] = ()


PricingView = FixedView | FlexibleView | OpenView | ProductView | PlanView | CartView


class CollectView(msgspec.Struct, frozen=True):
    """What the buyer is asked for: `required`, `optional` or `no`."""

    email: Literal["required", "optional", "no"] = "optional"
    name: Literal["required", "optional", "no"] = "optional"
    phone: Literal["required", "optional", "no"] = "no"
    address: Literal["required", "optional", "no"] = "no"


class MerchantView(msgspec.Struct, frozen=True):
    """The organization as a buyer sees it."""

    name: str
    logo_url: str | None = None
    color: str | None = None
    support_email: str | None = None
    locale: str = "en"
    timezone: str = "UTC"
    checkout_url: str | None = None
    """The origin of its own that shows the buyer's pages; None is the gateway's."""


class RecipientView(msgspec.Struct, frozen=True):
    """Whom a link was made for."""

    email: str
    name: str | None = None


class RemindersView(msgspec.Struct, frozen=True):
    """When the recipient of a link that is not paid is reminded; each at most once a day, by day, where they sell.

    `unpaid_days` count from when the link was made, or was mailed by its schedule. Who has paid a plan is reminded
    `renewal_days` before the end of what they have paid for, and `dunning_days` after it.
    """

    before_expiry_hours: tuple[int, ...] = ()
    unpaid_days: tuple[int, ...] = ()
    renewal_days: tuple[int, ...] = (3,)
    dunning_days: tuple[int, ...] = (1, 3, 7)


class BrandingView(msgspec.Struct, frozen=True):
    """What a link says itself, instead of its organization; None is nothing."""

    color: str | None = None
    logo_url: str | None = None


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """A link as checkout needs it: nothing private. `revision` counts changes, `uses.version` holds and settles.

    `merchant` is the organization at `merchant_revision`, with the link's own `branding` on top; a later
    `OrganizationUpdated` brings a newer one. `branding` None is a link from before this was told: what it says itself
    cannot be told from what its organization says. `reminders` None are those of the organization, which
    `default_reminders` are at `merchant_revision`.
    """

    id: UUID
    org_id: UUID
    slug: str
    title: str
    description: str | None = None
    pricing: PricingView
    methods: tuple[Method, ...]
    providers: tuple[str, ...] = ()
    collect: CollectView = CollectView()
    success_url: str | None = None
    cancel_url: str | None = None
    merchant: MerchantView
    livemode: bool
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    ended_as: EndedAs | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    uses_max: int | None = None
    late_payment_policy: LateSuccessPolicy = "accept"
    revision: int
    uses: "UsesView"
    exhausted_at: datetime | None = None
    coupons_allowed: bool = False
    recipient: RecipientView | None = None
    gate_otp: bool = False
    scheduled_at: datetime | None = None
    created_at: datetime | None = None
    merchant_revision: int = 0
    branding: BrandingView | None = None
    reminders: RemindersView | None = None
    default_reminders: RemindersView = RemindersView()


class UsesView(msgspec.Struct, frozen=True):
    used: int
    held: int
    version: int


class OrganizationCreated(Event, frozen=True, kw_only=True):
    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "organization"
    fact: ClassVar[str] = "created"

    name: str


class OrganizationUpdated(Event, frozen=True, kw_only=True):
    """`merchant` is the organization as buyers see it, at `revision`; None in facts from before this was told.

    `reminders` are those of its links that have none of their own.
    """

    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "organization"
    fact: ClassVar[str] = "updated"

    name: str
    merchant: MerchantView | None = None
    revision: int = 0
    reminders: RemindersView | None = None


class LinkEvent(Event, frozen=True, kw_only=True):
    """Carries the whole link, so that a reader needs no earlier fact."""

    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "link"

    link: LinkView


class LinkCreated(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "created"


class LinkUpdated(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "updated"


class LinkPaused(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "paused"


class LinkResumed(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "resumed"


class LinkEnded(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "ended"


class LinkSendRequested(LinkEvent, frozen=True, kw_only=True):
    """Its mail is to go out now, and not at `scheduled_at`. Asked for again, it still goes out once."""

    fact: ClassVar[str] = "send_requested"


class UseEvent(Event, frozen=True, kw_only=True):
    """One use of a link changed hands; `uses` are the link's counters right after it."""

    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "use"

    session_id: UUID
    uses: UsesView
    uses_max: int | None = None


class UseHeld(UseEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "held"

    held_until: datetime


class UseSettled(UseEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "settled"

    charge_id: UUID


class UseReleased(UseEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "released"

    reason: Literal["failed", "lapsed", "abandoned"]


class UseRefused(UseEvent, frozen=True, kw_only=True):
    """Money came in after the last use was gone: recorded, not counted; the policy says what is next."""

    fact: ClassVar[str] = "refused"

    charge_id: UUID
    policy: LateSuccessPolicy


# Requests and answers


class FindLink(msgspec.Struct, frozen=True):
    """By `slug`; by `link_id` where that is given."""

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
