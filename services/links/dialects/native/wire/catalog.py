from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.links.dialects.native.wire.common import LongText, Metadata, MoneyIn, MoneyOut, Title, Url


class CreateProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Title
    price: MoneyIn
    description: LongText | UnsetType | None = UNSET
    image_url: Url | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class PatchProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes; null clears. `active` true brings an archived product back."""

    name: Title | UnsetType = UNSET
    price: MoneyIn | UnsetType = UNSET
    description: LongText | UnsetType | None = UNSET
    image_url: Url | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class Product(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    digital_id: str
    name: str
    description: str | None
    image_url: str | None
    price: MoneyOut
    metadata: dict[str, str]
    active: bool
    livemode: bool
    revision: int
    created_at: datetime
    updated_at: datetime


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    price: MoneyOut
    interval: str
    livemode: bool
    created_at: datetime
