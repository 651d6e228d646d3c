"""What a link and its organization are to those who are told of them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

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
