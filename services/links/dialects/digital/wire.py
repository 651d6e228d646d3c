"""The JSON of the `digital` document (API v2)."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Slug = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z0-9-]+$", examples=["my-python-course"])]
Methods = Annotated[
    str,
    Meta(
        max_length=64,
        description="Comma-separated: mobile_money, card, or both, which is the default.",
        examples=["mobile_money,card"],
    ),
]
MaxUses = Annotated[int, Meta(ge=0, le=10**9, description="How many paid orders; 0 is without limit.")]
Moment = Annotated[str, Meta(max_length=40, description="ISO 8601; without an offset it is UTC.")]
ProductId = Annotated[str, Meta(min_length=1, max_length=64, examples=["prod_01j2k3m4n5p6"])]
Price = Annotated[Decimal, Meta(description="Asked instead of the product's price, in its currency's major unit.")]


class CreateLink(msgspec.Struct, frozen=True, kw_only=True):
    product_id: ProductId
    slug: Slug
    title: Title
    payment_methods: Methods | None = None
    max_uses: MaxUses | None = None
    expires_at: Moment | None = None
    price: Price | None = None
    is_active: bool | None = None


class PutLink(msgspec.Struct, frozen=True, kw_only=True):
    """Only what is named changes, although it is a PUT; null gives a field its default."""

    product_id: ProductId | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    payment_methods: Methods | UnsetType | None = UNSET
    max_uses: MaxUses | UnsetType | None = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    price: Price | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """`price` is there where it is not the product's own of today, in the major unit."""

    id: str
    product_id: str | None
    slug: str
    title: str
    payment_methods: str
    is_active: bool
    max_uses: int
    use_count: int
    expires_at: str | None
    created_at: str
    price: Decimal | UnsetType = UNSET


class OneLink(msgspec.Struct, frozen=True, kw_only=True):
    success: Literal[True] = True
    data: Link


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    page: int
    page_size: int
    total: int


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    success: Literal[True] = True
    data: list[Link]
    meta: Paging


class Revenue(msgspec.Struct, frozen=True, kw_only=True):
    """`total_revenue` is in the major unit of `currency`: 1500000 is UGX 1,500,000."""

    total_revenue: Decimal
    paid_orders: int
    currency: str | None


class OneRevenue(msgspec.Struct, frozen=True, kw_only=True):
    success: Literal[True] = True
    data: Revenue


class Done(msgspec.Struct, frozen=True, kw_only=True):
    success: Literal[True] = True


class Error(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    field: str | UnsetType = UNSET


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    success: Literal[False] = False
    error: Error
