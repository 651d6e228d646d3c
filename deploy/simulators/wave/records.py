"""What the simulated Wave keeps. Times are Unix milliseconds; an amount is its digits, as on the wire."""

from typing import Literal

import msgspec

PaymentFailure = Literal[
    "blocked-account",
    "cross-border-payment-not-allowed",
    "customer-age-restricted",
    "insufficient-funds",
    "kyb-limits-exceeded",
    "payer-mobile-mismatch",
    "payment-failure",
]


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's wallet. `secrets`: more than one while they are being changed."""

    id: str
    name: str
    api_key: str
    webhook_url: str | None = None
    secrets: tuple[str, ...] = ()


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """`charged` counts how often money was taken."""

    id: str
    business: str
    amount: str
    currency: str
    client_reference: str | None
    success_url: str
    error_url: str
    restrict_payer_mobile: str | None
    checkout_status: Literal["open", "complete", "expired"] = "open"
    payment_status: Literal["processing", "cancelled", "succeeded"] = "processing"
    failure: PaymentFailure | None = None
    transaction_id: str | None = None
    charged: int = 0
    created_ms: int
    expires_ms: int
    completed_ms: int | None = None
    refunded_ms: int | None = None
