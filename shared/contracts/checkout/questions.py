"""What checkout is asked, and what it answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts.checkout.views import CustomerView
from shared.contracts.links import RefusalReason


class AddressView(msgspec.Struct, frozen=True):
    """`country` is ISO 3166-1 alpha-2."""

    line1: str
    city: str
    country: str
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None


class OpenCheckoutSession(msgspec.Struct, frozen=True, kw_only=True):
    """Opens a session for a buyer on behalf of another service, by `link_id` or `slug`.

    The session redirects to `success_url` and `cancel_url` instead of to the link's own (None: to those). Who asks has
    checked that they may be redirected to, and that the texts are within bounds. The same `idempotency_key` and request
    again is the same session.
    """

    link_id: UUID | None = None
    slug: str | None = None
    customer: CustomerView = CustomerView()
    address: AddressView | None = None
    amount_minor: int | None = None
    currency: str | None = None
    coupon_code: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    locale: str | None = None
    idempotency_key: str | None = None


class SessionIsOpen(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="open"):
    """`url` is the session's page, and bears the token."""

    session_id: UUID
    url: str
    token: str
    expires_at: datetime


class SessionRefused(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="refused"):
    """`code` and `values` are those of the problem that the JSON API would answer; `reason` and `since` of a link."""

    code: str
    reason: RefusalReason | None = None
    since: datetime | None = None
    values: dict[str, Any] = {}


OpenSessionReply = SessionIsOpen | SessionRefused
