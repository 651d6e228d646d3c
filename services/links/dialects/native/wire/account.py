from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.links.dialects.native.wire.common import Aware, Color, CurrencyCode, Minor, Title, Url
from services.links.dialects.native.wire.links import (
    LatePayment,
    Method,
    Methods,
    Providers,
    RemindersIn,
    RemindersOut,
    TaxMode,
)
from services.links.domain.keys import Scope

Currencies = Annotated[list[CurrencyCode], Meta(min_length=1, max_length=50)]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Locale = Annotated[str, Meta(min_length=2, max_length=10, examples=["en"])]
Timezone = Annotated[str, Meta(min_length=1, max_length=64, examples=["Africa/Kampala"])]
KeyName = Annotated[str, Meta(min_length=1, max_length=100)]
Origin = Annotated[
    str,
    Meta(
        min_length=8, max_length=2000, description="Scheme, host and port only.", examples=["https://shop.example.com"]
    ),
]
Origins = Annotated[
    list[Origin], Meta(max_length=50, description="Where a buyer may be sent by an address that he brings himself.")
]
Lifetime = Annotated[
    int, Meta(ge=60, le=5 * 366 * 86_400, description="How long links last that need an end and name none.")
]
Overlap = Annotated[
    int, Meta(ge=0, le=30 * 86_400, description="How long the old key works on. A day by default, 30 days at most.")
]


class BoundsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    min_minor: Minor | None = None
    max_minor: Minor | None = None


class BoundsOut(msgspec.Struct, frozen=True):
    """The least and the most that one payment may come to; null is no bound."""

    min_minor: int | None
    max_minor: int | None


Bounds = Annotated[dict[CurrencyCode, BoundsIn], Meta(max_length=50, description="By currency.")]


class PatchOrganization(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes; null clears."""

    name: Title | UnsetType = UNSET
    default_currency: CurrencyCode | UnsetType = UNSET
    currencies: Currencies | UnsetType = UNSET
    support_email: Email | UnsetType | None = UNSET
    locale: Locale | UnsetType = UNSET
    timezone: Timezone | UnsetType = UNSET
    logo_url: Url | UnsetType | None = UNSET
    color: Color | UnsetType | None = UNSET
    late_payment_policy: LatePayment | UnsetType = UNSET
    payment_bounds: Bounds | UnsetType | None = UNSET
    tax_mode: TaxMode | UnsetType = UNSET
    default_methods: Methods | UnsetType | None = UNSET
    default_providers: Providers | UnsetType | None = UNSET
    link_lifetime_seconds: Lifetime | UnsetType | None = UNSET
    redirect_origins: Origins | UnsetType | None = UNSET
    checkout_url: Origin | UnsetType | None = UNSET
    reminders: RemindersIn | UnsetType | None = UNSET


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """`checkout_url` is the merchant's own origin for the buyer's pages; null is the gateway's.

    `reminders` go for links that have none of their own.
    """

    id: UUID
    merchant_id: UUID
    name: str
    slug: str | None
    default_currency: str
    currencies: list[str]
    support_email: str | None
    locale: str
    timezone: str
    logo_url: str | None
    color: str | None
    late_payment_policy: LatePayment
    payment_bounds: dict[str, BoundsOut]
    tax_mode: TaxMode
    default_methods: list[Method]
    default_providers: list[str]
    link_lifetime_seconds: int
    redirect_origins: list[str]
    checkout_url: str | None
    reminders: RemindersOut
    revision: int
    created_at: datetime
    updated_at: datetime


class CreateApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new key has no scope that the key that makes it lacks. A test key makes no live ones."""

    name: KeyName
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(get_args(Scope)))]
    livemode: bool | None = None
    expires_at: Aware | None = None


class RotateApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    overlap_seconds: Overlap = 86_400


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    scopes: list[Scope]
    livemode: bool
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_to: str | None
    last_used_at: datetime | None


class NewApiKey(ApiKey, frozen=True, kw_only=True):
    """`secret` is the whole bearer. It is shown here and never again."""

    secret: str
