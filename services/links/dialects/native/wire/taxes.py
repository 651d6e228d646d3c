from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

Name = Annotated[str, Meta(min_length=1, max_length=100, examples=["VAT"])]
Percent = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$",
        description="A text, so that it stays exact: from 0 to 100, with at most four decimals.",
        examples=["18", "7.25"],
    ),
]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["UG"])]


class CreateTaxRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Name
    percent: Percent
    country: Country | UnsetType | None = UNSET


class PatchTaxRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes; null clears. `active` true brings an archived rate back."""

    name: Name | UnsetType = UNSET
    percent: Percent | UnsetType = UNSET
    country: Country | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class TaxRate(msgspec.Struct, frozen=True, kw_only=True):
    """An archived rate (`active` false) still taxes the products that have it; no other product can be given it."""

    id: UUID
    name: str
    percent: str
    country: str | None
    active: bool
    livemode: bool
    revision: int
    created_at: datetime
    updated_at: datetime
