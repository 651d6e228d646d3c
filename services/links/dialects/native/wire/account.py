from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.links.dialects.native.wire.common import Aware, Color, CurrencyCode, Title, Url
from services.links.dialects.native.wire.links import LatePayment

Scope = Literal[
    "links:read",
    "links:write",
    "products:read",
    "products:write",
    "organization:read",
    "organization:write",
    "keys:write",
    "charges:read",
]
Currencies = Annotated[list[CurrencyCode], Meta(min_length=1, max_length=50)]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Locale = Annotated[str, Meta(min_length=2, max_length=10, examples=["en"])]
Timezone = Annotated[str, Meta(min_length=1, max_length=64, examples=["Africa/Kampala"])]
KeyName = Annotated[str, Meta(min_length=1, max_length=100)]
Overlap = Annotated[
    int, Meta(ge=0, le=30 * 86_400, description="How long the old key works on. A day by default, 30 days at most.")
]


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


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
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
    revision: int
    created_at: datetime
    updated_at: datetime


class CreateApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new key has no scope that the key that makes it lacks. A test key makes no live ones."""

    name: KeyName
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=8)]
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
