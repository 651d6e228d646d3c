from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.links.dialects.native.wire.common import LongText, Metadata, MoneyIn, MoneyOut, Title, Url
from services.links.dialects.native.wire.taxes import TaxRate

Interval = Literal["day", "week", "month", "quarter", "year"]
IntervalCount = Annotated[int, Meta(ge=1, le=365, description="Due every so many intervals.")]
Prices = Annotated[
    list[MoneyIn], Meta(min_length=1, max_length=20, description="The main price first; no currency twice.")
]


class CreateProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names `price`, or `prices` in several currencies."""

    name: Title
    price: MoneyIn | UnsetType = UNSET
    prices: Prices | UnsetType = UNSET
    tax_rate_id: UUID | UnsetType | None = UNSET
    description: LongText | UnsetType | None = UNSET
    image_url: Url | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class PatchProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes; null clears. `active` true brings an archived product back.

    `price` changes the main price alone; `prices` are all of them, the main one first.
    """

    name: Title | UnsetType = UNSET
    price: MoneyIn | UnsetType = UNSET
    prices: Prices | UnsetType = UNSET
    tax_rate_id: UUID | UnsetType | None = UNSET
    description: LongText | UnsetType | None = UNSET
    image_url: Url | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """`image_url` is the preview image. `tax_rate` is there with `?expand=tax_rate`."""

    id: UUID
    digital_id: str
    name: str
    description: str | None
    image_url: str | None
    price: MoneyOut
    prices: list[MoneyOut]
    tax_rate_id: UUID | None
    tax_rate: TaxRate | UnsetType | None = UNSET
    metadata: dict[str, Any]
    active: bool
    livemode: bool
    revision: int
    created_at: datetime
    updated_at: datetime


class CreatePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Title
    price: MoneyIn
    interval: Interval
    interval_count: IntervalCount | UnsetType = UNSET
    description: LongText | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class PatchPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes; null clears. `active` true brings an archived plan back."""

    name: Title | UnsetType = UNSET
    price: MoneyIn | UnsetType = UNSET
    interval: Interval | UnsetType = UNSET
    interval_count: IntervalCount | UnsetType = UNSET
    description: LongText | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`price` is due every `interval_count` intervals."""

    id: UUID
    name: str
    description: str | None
    price: MoneyOut
    interval: Interval
    interval_count: int
    metadata: dict[str, Any]
    active: bool
    livemode: bool
    revision: int
    created_at: datetime
    updated_at: datetime
