"""What the simulated Stripe keeps. A card number is never part of it: only its brand and its last four digits.

Times are Unix seconds, amounts in Stripe's own smallest units, currencies in small letters: as on its wire.
"""

from typing import Literal

import msgspec

RefundStatus = Literal["pending", "succeeded", "failed", "canceled", "requires_action"]
DisputeStatus = Literal["needs_response", "under_review", "won", "lost"]


class Endpoint(msgspec.Struct, frozen=True):
    """A webhook endpoint. `secrets`: more than one while they are being changed."""

    id: str
    url: str
    events: tuple[str, ...]
    secrets: tuple[str, ...]
    created: int


class Account(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    secret_key: str
    endpoints: tuple[Endpoint, ...] = ()


class Failure(msgspec.Struct, frozen=True):
    code: str
    decline_code: str | None
    message: str


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """The payment behind a session: there from the first card on. `charged` counts how often money was taken."""

    id: str
    charge: str | None
    status: Literal["requires_payment_method", "requires_action", "processing", "succeeded", "canceled"]
    brand: str | None = None
    last4: str | None = None
    error: Failure | None = None
    charged: int = 0
    fee: int = 0
    refunds_wait: Literal["succeeded", "failed"] | None = None


class IntentOf(msgspec.Struct, frozen=True):
    """Which session a payment intent belongs to."""

    session: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account: str
    status: Literal["open", "complete", "expired"] = "open"
    payment_status: Literal["unpaid", "paid"] = "unpaid"
    amount: int
    currency: str
    name: str
    client_reference_id: str | None
    customer_email: str | None
    success_url: str
    cancel_url: str | None
    metadata: dict[str, str]
    intent_metadata: dict[str, str]
    created: int
    expires_at: int
    intent: Intent | None = None
    three_ds: bool = False


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account: str
    intent: str
    charge: str
    amount: int
    currency: str
    status: RefundStatus
    reason: str | None
    metadata: dict[str, str]
    created: int
    failure_reason: str | None = None


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account: str
    intent: str
    charge: str
    amount: int
    currency: str
    reason: str
    status: DisputeStatus
    created: int
