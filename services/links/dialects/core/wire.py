"""The JSON of the `core` document."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

LinkType = Literal["product", "plan", "instant"]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["XOF"])]
Price = Annotated[Decimal, Meta(description="Smallest currency unit: 5000 XOF, 1999 for 19.99 USD.", examples=[5000])]
Text = Annotated[str, Meta(max_length=5000)]
Url = Annotated[str, Meta(min_length=1, max_length=2000)]
Moment = Annotated[str, Meta(max_length=40, description="ISO 8601; without an offset it is UTC.")]
Provider = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,32}$", examples=["WAVE"])]
Providers = Annotated[list[Provider], Meta(max_length=10)]
Metadata = Annotated[dict[str, Any], Meta(max_length=50)]


class CreateLink(msgspec.Struct, frozen=True, kw_only=True):
    """`product_id`, `plan_id` or `price` goes with the type. Null is the same as not named."""

    link_type: LinkType
    title: Title
    currency_code: Currency
    product_id: UUID | None = None
    plan_id: UUID | None = None
    price: Price | None = None
    public_description: Text | None = None
    private_description: Text | None = None
    allowed_providers: Providers | None = None
    allow_coupon_code: bool | None = None
    is_active: bool | None = None
    expires_at: Moment | None = None
    success_url: Url | None = None
    cancel_url: Url | None = None
    metadata: Metadata | None = None


class PatchLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be changed after creation, and nothing else; null clears."""

    expires_at: Moment | UnsetType | None = UNSET
    success_url: Url | UnsetType | None = UNSET
    cancel_url: Url | UnsetType | None = UNSET
    allowed_providers: Providers | UnsetType | None = UNSET
    allow_coupon_code: bool | UnsetType = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts are in the smallest unit, written with two decimals: 5000.00 is 5,000 XOF."""

    link_id: UUID
    merchant_id: UUID
    organization_id: UUID
    link_type: LinkType
    url: str
    product_id: UUID | None
    product_name: str | None
    product_price: Decimal | None
    plan_id: UUID | None
    plan_name: str | None
    plan_amount: Decimal | None
    title: str
    public_description: str | None
    private_description: str | None
    price: Decimal | None
    currency_code: str | None
    allowed_providers: list[str] | None
    allow_coupon_code: bool
    is_active: bool
    expires_at: str | None
    success_url: str | None
    cancel_url: str | None
    metadata: dict[str, Any] | None
    created_at: str
    updated_at: str


class OneLink(msgspec.Struct, frozen=True, kw_only=True):
    success: Literal[True] = True
    data: Link


class Paging(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`totalCount` is of all links that match, on every page."""

    page: int
    page_size: int
    total_count: int


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    success: Literal[True] = True
    data: list[Link]
    meta: Paging


class Error(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    field: str | UnsetType = UNSET


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    success: Literal[False] = False
    error: Error
