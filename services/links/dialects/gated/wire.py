"""The JSON of the `gated` document (payment links by e-mail, behind one-time codes).

The document names the fields of requests and what answers tell; it shows no answer. Names of requests are kept in
answers.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

Status = Literal["active", "inactive", "expired", "exhausted", "revoked"]
Email = Annotated[
    str, Meta(min_length=3, max_length=320, examples=["amina@example.com"], extra_json_schema={"format": "email"})
]
Id = Annotated[str, Meta(min_length=1, max_length=64, examples=["0979ec77-9fb1-4c9a-8c55-d7fb6c182c9c"])]
Amount = Annotated[Decimal, Meta(description="Major units: 50000 NGN, 19.99 USD.", examples=[19.99])]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["NGN"])]
Moment = Annotated[str, Meta(max_length=64, description="ISO 8601; without an offset it is UTC.")]
Code = Annotated[str, Meta(min_length=1, max_length=32, examples=["481516"])]


class CreateLink(msgspec.Struct, frozen=True, kw_only=True):
    """`otp_required` false makes a direct link, which everybody who has its address can open."""

    email: Email
    org_id: Id
    transaction_id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    payment_amount: Amount | None = None
    currency: Currency | None = None
    scheduled_at: Moment | None = None
    otp: Code | None = None
    otp_required: bool = True


class AskOtp(msgspec.Struct, frozen=True, kw_only=True):
    email: Email
    link_id: Id | None = None


class VerifyOtp(msgspec.Struct, frozen=True, kw_only=True):
    """`link_id` as it was when the code was asked for."""

    email: Email
    otp: Code
    link_id: Id | None = None


class VerifyLink(msgspec.Struct, frozen=True, kw_only=True):
    link_id: Id


class RevokeLinks(msgspec.Struct, frozen=True, kw_only=True):
    email: Email | None = None


class SendScheduled(msgspec.Struct, frozen=True, kw_only=True):
    """`period` is in hours."""

    scheduled_at: Moment
    period: Annotated[int, Meta(ge=1, le=8784)] = 24


class Created(msgspec.Struct, frozen=True, kw_only=True):
    link_id: UUID
    status: Status
    expires_at: str
    url: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Without a token that opens it, `email` is masked and `metadata` is empty.

    `payment_amount` is in major units of `currency`; null: the buyer chooses. `verified`: the recipient has proven the
    address before the link was made.
    """

    link_id: UUID
    org_id: UUID
    email: str | None
    transaction_id: str | None
    payment_amount: Decimal | None
    currency: str | None
    status: Status
    otp_required: bool
    verified: bool
    scheduled_at: str | None
    expires_at: str | None
    created_at: str
    url: str
    metadata: dict[str, Any]


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `total` is of all pages."""

    links: list[Link]
    total: int


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """`valid`: it can be paid now."""

    valid: bool
    link: Link


class OtpSent(msgspec.Struct, frozen=True, kw_only=True):
    """The same for every address: it does not say whether a mail goes out."""

    message: str
    expires_at: str
    resend_at: str


class LinkToken(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    type: Literal["payment_link"] = "payment_link"
    expires_at: str
    expires_in: int


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """`revoked` counts what was open until now."""

    message: str
    revoked: int


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """`total` links were due in the window. Who has had the mail already does not get it again."""

    total: int
    link_ids: list[UUID]


class Error(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    field: str | msgspec.UnsetType = msgspec.UNSET


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    error: Error
