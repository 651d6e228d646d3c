from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Aware = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset or Z.")]
Minor = Annotated[int, Meta(ge=1, le=10**15, description="Whole minor units: UGX 50,000 is 50000, USD 19.99 is 1999.")]
CurrencyCode = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["UGX"])]
Url = Annotated[str, Meta(min_length=8, max_length=2000, description="Absolute https.")]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
LongText = Annotated[str, Meta(max_length=5000)]
Color = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$", examples=["#0a7d4f"])]
Metadata = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=100)], Any],
    Meta(max_length=50, description="Yours: any JSON object of at most 16 KiB, 50 keys and 8 levels."),
]


class MoneyIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount_minor: Minor
    currency: CurrencyCode


class MoneyOut(msgspec.Struct, frozen=True):
    amount_minor: int
    currency: str
