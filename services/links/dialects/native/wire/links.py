from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.links.dialects.native.wire.catalog import Product
from services.links.dialects.native.wire.common import (
    Aware,
    Color,
    CurrencyCode,
    LongText,
    Metadata,
    Minor,
    MoneyIn,
    MoneyOut,
    Title,
    Url,
)

Method = Literal["card", "mobile_money", "ussd", "bank_transfer"]
Need = Literal["required", "optional", "no"]
LatePayment = Literal["accept", "review", "refund"]
TaxMode = Literal["inclusive", "exclusive"]
Quantity = Annotated[int, Meta(ge=1, le=10_000)]
Email = Annotated[str, Meta(min_length=3, max_length=254, examples=["amina@example.com"])]
Gate = Literal["none", "otp"]
State = Literal["active", "paused", "scheduled", "expired", "exhausted", "archived", "revoked", "deleted"]
_KEPT: Final = (
    "Unique. One that a link gave up goes on leading to it; only another link of its organization may take it."
)
Slug = Annotated[
    str, Meta(min_length=1, max_length=64, pattern="^[a-z0-9-]+$", examples=["invoice-123"], description=_KEPT)
]
UsesMax = Annotated[int, Meta(ge=1, le=10**9, description="How often it can be paid; null is without limit.")]
Methods = Annotated[list[Method], Meta(min_length=1, max_length=4)]
Provider = Annotated[str, Meta(pattern="^[a-z0-9_-]{1,32}$", examples=["sandbox"])]
Providers = Annotated[list[Provider], Meta(max_length=10, description="Empty is any that the organization has.")]


class FixedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="fixed"):
    amount_minor: Minor
    currency: CurrencyCode


class FlexibleIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="flexible"):
    """The buyer chooses an amount between the bounds."""

    currency: CurrencyCode
    min_minor: Minor | None = None
    max_minor: Minor | None = None


class OpenIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="open"):
    """The buyer chooses any amount."""

    currency: CurrencyCode | None = None


class ProductIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="product"):
    """The product's price as it is now, or `price` instead; a later change of the product does not move it."""

    product_id: UUID
    price: MoneyIn | None = None


class PlanIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="plan"):
    """The plan's price and interval as they are now."""

    plan_id: UUID


class LineIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    product_id: UUID
    quantity: Quantity = 1


class CartIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="cart"):
    """Products, their prices and taxes as they are now. `tax_mode` null is the organization's."""

    items: Annotated[list[LineIn], Meta(min_length=1, max_length=100)]
    currency: CurrencyCode
    tax_mode: TaxMode | None = None


PricingIn = FixedIn | FlexibleIn | OpenIn | ProductIn | PlanIn | CartIn


class CollectIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the buyer is asked for."""

    email: Need = "optional"
    name: Need = "optional"
    phone: Need = "no"
    address: Need = "no"


class BrandingIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    color: Color | None = None
    logo_url: Url | None = None


class RecipientIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the link is for: who is mailed at `scheduled_at`, and asked for a code where the gate is `otp`."""

    email: Email
    name: Title | None = None


Hours = Annotated[list[Annotated[int, Meta(ge=1, le=8_784)]], Meta(max_length=10)]
Days = Annotated[list[Annotated[int, Meta(ge=1, le=366)]], Meta(max_length=10)]


class RemindersIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the recipient of a link that is not paid is reminded: once a day at most, and not at night.

    It is sent from 8 to 20 o'clock in the organization's time zone. `unpaid_days` count from when the link was made, or
    was mailed by its schedule.

    Who has paid a plan is reminded `renewal_days` before the end of what they have paid for, and `dunning_days` after
    it. Left out these are [3] and [1, 3, 7]; empty lists send nothing.
    """

    before_expiry_hours: Hours = msgspec.field(default_factory=list[int])
    unpaid_days: Days = msgspec.field(default_factory=list[int])
    renewal_days: Days | UnsetType = UNSET
    dunning_days: Days | UnsetType = UNSET


class _Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    slug: Slug | UnsetType = UNSET
    description: LongText | UnsetType | None = UNSET
    private_note: LongText | UnsetType | None = UNSET
    uses_max: UsesMax | UnsetType | None = UNSET
    starts_at: Aware | UnsetType | None = UNSET
    expires_at: Aware | UnsetType | None = UNSET
    methods: Methods | UnsetType | None = UNSET
    providers: Providers | UnsetType | None = UNSET
    collect: CollectIn | UnsetType | None = UNSET
    success_url: Url | UnsetType | None = UNSET
    cancel_url: Url | UnsetType | None = UNSET
    branding: BrandingIn | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    late_payment_policy: LatePayment | UnsetType | None = UNSET
    internal_name: Title | UnsetType | None = UNSET
    coupons_allowed: bool | UnsetType | None = UNSET
    recipient: RecipientIn | UnsetType | None = UNSET
    gate: Gate | UnsetType | None = UNSET
    scheduled_at: Aware | UnsetType | None = UNSET
    reminders: RemindersIn | UnsetType | None = UNSET
    reference: Title | UnsetType | None = UNSET


class CreatePaymentLink(_Fields, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: Title
    pricing: PricingIn


class PatchPaymentLink(_Fields, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes; null clears, and makes of a choice what it is where nothing is said.

    `methods` and `late_payment_policy`: null is the organization's, now. `reminders`: null is the organization's,
    whatever they become.
    """

    title: Title | UnsetType = UNSET
    pricing: PricingIn | UnsetType = UNSET


class FixedOut(msgspec.Struct, frozen=True, tag_field="type", tag="fixed"):
    amount_minor: int
    currency: str


class FlexibleOut(msgspec.Struct, frozen=True, tag_field="type", tag="flexible"):
    currency: str
    min_minor: int | None
    max_minor: int | None


class OpenOut(msgspec.Struct, frozen=True, tag_field="type", tag="open"):
    currency: str | None


class ProductOut(msgspec.Struct, frozen=True, tag_field="type", tag="product"):
    product_id: UUID
    name: str
    amount_minor: int
    currency: str


class PlanOut(msgspec.Struct, frozen=True, tag_field="type", tag="plan"):
    plan_id: UUID
    name: str
    amount_minor: int
    currency: str
    interval: str
    interval_count: int


class CartItemOut(msgspec.Struct, frozen=True):
    """`tax_minor` is the tax of the whole line."""

    product_id: UUID | None
    name: str
    unit: MoneyOut
    quantity: int
    tax_minor: int
    tax_name: str | None


class CartOut(msgspec.Struct, frozen=True, tag_field="type", tag="cart"):
    """`amount_minor` is what the buyer pays, tax included; `also` the totals in other currencies that he may choose."""

    items: list[CartItemOut]
    amount_minor: int
    currency: str
    tax_mode: TaxMode
    tax_minor: int
    also: list[MoneyOut]


class RecipientOut(msgspec.Struct, frozen=True):
    email: str
    name: str | None


PricingOut = FixedOut | FlexibleOut | OpenOut | ProductOut | PlanOut | CartOut


class UsesOut(msgspec.Struct, frozen=True):
    """`remaining` is how many more buyers may begin now: neither paid nor held. null is without limit."""

    max: int | None
    used: int
    held: int
    remaining: int | None


class CollectOut(msgspec.Struct, frozen=True):
    email: Need
    name: Need
    phone: Need
    address: Need


class BrandingOut(msgspec.Struct, frozen=True):
    color: str | None
    logo_url: str | None


class RemindersOut(msgspec.Struct, frozen=True):
    before_expiry_hours: list[int]
    unpaid_days: list[int]
    renewal_days: list[int]
    dunning_days: list[int]


class PaymentLink(msgspec.Struct, frozen=True, kw_only=True):
    """`product` is there with `?expand=product`: the one of its pricing as it is now, or null.

    `reminders` null are the organization's.
    """

    id: UUID
    slug: str
    url: str
    state: State
    title: str
    description: str | None
    private_note: str | None
    pricing: PricingOut
    product: Product | UnsetType | None = UNSET
    uses: UsesOut
    starts_at: datetime | None
    expires_at: datetime | None
    methods: list[Method]
    providers: list[str]
    collect: CollectOut
    success_url: str | None
    cancel_url: str | None
    branding: BrandingOut
    metadata: dict[str, Any]
    late_payment_policy: LatePayment
    internal_name: str | None
    coupons_allowed: bool
    recipient: RecipientOut | None
    gate: Gate
    verified_at: datetime | None
    scheduled_at: datetime | None
    reminders: RemindersOut | None
    reference: str | None
    created_by: str
    paused_at: datetime | None
    ended_at: datetime | None
    livemode: bool
    revision: int
    created_at: datetime
    updated_at: datetime
