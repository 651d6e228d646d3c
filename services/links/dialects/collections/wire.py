"""The JSON of the `collections` document (payment links, v2)."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

AmountType = Literal["fixed", "flexible"]
PaymentType = Literal["card", "mobile_money", "ussd", "bank_transfer"]
Status = Literal["active", "inactive", "expired", "exhausted", "archived"]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["RWF"])]
Amount = Annotated[Decimal, Meta(description="Major units: 50000 RWF, 19.99 USD.", examples=[50000])]
Slug = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z0-9-]+$")]
Text = Annotated[str, Meta(max_length=5000)]
Url = Annotated[str, Meta(max_length=2000)]
MaxUses = Annotated[int, Meta(ge=1, le=10**9)]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", description="YYYY-MM-DD HH:MM:SS, UTC.")]
PaymentTypes = Annotated[list[PaymentType], Meta(min_length=1, max_length=8)]
Metadata = Annotated[dict[str, Any], Meta(max_length=50)]


class _Fields(msgspec.Struct, frozen=True, kw_only=True):
    amount: Amount | UnsetType | None = UNSET
    min_amount: Amount | UnsetType | None = UNSET
    max_amount: Amount | UnsetType | None = UNSET
    payment_types: PaymentTypes | UnsetType | None = UNSET
    slug: Slug | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    redirect_url: Url | UnsetType | None = UNSET
    max_uses: MaxUses | UnsetType | None = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    collect_phone: bool | UnsetType | None = UNSET
    collect_name: bool | UnsetType | None = UNSET
    collect_address: bool | UnsetType | None = UNSET
    logo_url: Url | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class CreateLink(_Fields, frozen=True, kw_only=True):
    title: Title
    amount_type: AmountType
    currency: Currency


class PatchLink(_Fields, frozen=True, kw_only=True):
    """Only what is named changes; null gives a field its default.

    `status` pauses a link (`inactive`) and resumes it (`active`).
    """

    status: Status | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    amount_type: AmountType | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The documented fields always; the others where they say something."""

    id: UUID
    slug: str
    url: str
    title: str
    amount_type: AmountType
    amount: Decimal | None
    currency: str | None
    payment_types: list[PaymentType]
    use_count: int
    max_uses: int | None
    status: Status
    expires_at: str | None
    created_at: str
    min_amount: Decimal | UnsetType = UNSET
    max_amount: Decimal | UnsetType = UNSET
    description: str | UnsetType = UNSET
    redirect_url: str | UnsetType = UNSET
    collect_phone: bool | UnsetType = UNSET
    collect_name: bool | UnsetType = UNSET
    collect_address: bool | UnsetType = UNSET
    logo_url: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class Done(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["success"] = "success"
    message: str


class OneLink(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["success"] = "success"
    message: str
    link: Link


class Pagination(msgspec.Struct, frozen=True, kw_only=True):
    page: int
    per_page: int
    total: int
    total_pages: int


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    status: Literal["success"] = "success"
    links: list[Link]
    pagination: Pagination


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """`total_collected` is in major units of `currency`."""

    total_charges: int
    successful_charges: int
    pending_charges: int
    failed_charges: int
    total_collected: Decimal
    currency: str | None


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is a text in major units with at least two decimals."""

    id: UUID
    amount: str
    currency: str
    status: Literal["success", "pending", "failed"]
    created_at: str


class LinkWithStats(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["success"] = "success"
    link: Link
    stats: Stats
    recent_charges: list[Charge]


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["error"] = "error"
    message: str
    code: str
    field: str | UnsetType = UNSET
