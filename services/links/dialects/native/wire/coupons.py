from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.links.dialects.native.wire.common import Aware, CurrencyCode, Metadata, Minor

Code = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9-]{1,40}$",
        description="Letters, digits and hyphens. Upper and lower case are the same; it is kept in upper case.",
        examples=["WELCOME10"],
    ),
]
BasisPoints = Annotated[int, Meta(ge=1, le=10_000, description="Hundredths of a percent: 1000 is 10 %.")]
RedemptionsMax = Annotated[int, Meta(ge=1, le=10**9, description="How often it can be redeemed; null is no limit.")]


class PercentIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="percent"):
    """Rounded half up to whole minor units."""

    basis_points: BasisPoints


class AmountIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="amount"):
    amount_minor: Minor
    currency: CurrencyCode


class CreateCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A coupon that would leave nothing to pay is refused when it is used."""

    code: Code
    discount: PercentIn | AmountIn
    currency: CurrencyCode | UnsetType | None = UNSET
    expires_at: Aware | UnsetType | None = UNSET
    redemptions_max: RedemptionsMax | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class PatchCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes, for buyers who begin from now on; null clears. The code stays as it is."""

    discount: PercentIn | AmountIn | UnsetType = UNSET
    currency: CurrencyCode | UnsetType | None = UNSET
    expires_at: Aware | UnsetType | None = UNSET
    redemptions_max: RedemptionsMax | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class PercentOut(msgspec.Struct, frozen=True, tag_field="type", tag="percent"):
    basis_points: int


class AmountOut(msgspec.Struct, frozen=True, tag_field="type", tag="amount"):
    amount_minor: int
    currency: str


class RedemptionsOut(msgspec.Struct, frozen=True):
    """`held` are those of buyers who are paying now. `remaining` is how many more may begin; null is no limit."""

    max: int | None
    redeemed: int
    held: int
    remaining: int | None


class Coupon(msgspec.Struct, frozen=True, kw_only=True):
    """`currency` is the only one that it counts in; null is any, or that of its amount."""

    id: UUID
    code: str
    discount: PercentOut | AmountOut
    currency: str | None
    expires_at: datetime | None
    redemptions: RedemptionsOut
    metadata: dict[str, Any]
    active: bool
    livemode: bool
    revision: int
    created_at: datetime
    updated_at: datetime
