"""One example of every shape, as it travels. A test decodes each of them."""

from typing import Any, Final

_AT: Final = "2026-11-21T09:00:00Z"
_LINK_ID: Final = "01932c07-2b4e-7c1a-9d3e-5f6a7b8c9d0e"
_ORG_ID: Final = "01932c06-0000-7000-8000-000000000001"

CREATE_LINK: Final[dict[str, Any]] = {
    "title": "Invoice #123",
    "pricing": {"type": "fixed", "amount_minor": 50000, "currency": "UGX"},
    "slug": "invoice-123",
    "methods": ["card", "mobile_money"],
    "uses_max": 2,
    "expires_at": "2027-12-31T23:59:59Z",
}
PATCH_LINK: Final[dict[str, Any]] = {"uses_max": 5, "expires_at": None}
LINK: Final[dict[str, Any]] = {
    "id": _LINK_ID,
    "slug": "invoice-123",
    "url": "https://pay.example.com/checkout/invoice-123",
    "state": "active",
    "title": "Invoice #123",
    "description": None,
    "private_note": None,
    "pricing": {"type": "fixed", "amount_minor": 50000, "currency": "UGX"},
    "uses": {"max": 2, "used": 0, "held": 0, "remaining": 2},
    "starts_at": None,
    "expires_at": "2027-12-31T23:59:59Z",
    "methods": ["card", "mobile_money"],
    "providers": [],
    "collect": {"email": "optional", "name": "optional", "phone": "no", "address": "no"},
    "success_url": None,
    "cancel_url": None,
    "branding": {"color": None, "logo_url": None},
    "metadata": {},
    "late_payment_policy": "accept",
    "internal_name": None,
    "coupons_allowed": False,
    "recipient": None,
    "gate": "none",
    "verified_at": None,
    "scheduled_at": None,
    "reminders": None,
    "reference": None,
    "created_by": "key:k7q2m9x4bt3w",
    "paused_at": None,
    "ended_at": None,
    "livemode": False,
    "revision": 1,
    "created_at": _AT,
    "updated_at": _AT,
}
CHARGE: Final[dict[str, Any]] = {
    "id": "01932c08-1111-7222-8333-444455556666",
    "session_id": "01932c08-0000-7000-8000-000000000000",
    "status": "succeeded",
    "total": {"amount_minor": 50000, "currency": "UGX"},
    "method": "mobile_money",
    "provider": "sandbox",
    "failure_reason": None,
    "customer": {"email": "amina@example.com", "name": "Amina", "phone": None},
    "payer_hint": "+256 77* *** 456",
    "receipt_number": "R-20261121-ABCD2345",
    "late": False,
    "settled": True,
    "policy": None,
    "created_at": _AT,
    "updated_at": _AT,
}
STATS: Final[dict[str, Any]] = {
    "link_id": _LINK_ID,
    "uses": {"max": 2, "used": 1, "held": 0, "remaining": 1},
    "paid_count": 1,
    "revenue": [{"amount_minor": 50000, "currency": "UGX", "paid_count": 1, "last_paid_at": _AT}],
    "unsettled": [],
    "refunded": [{"amount_minor": 20000, "currency": "UGX", "of_revenue_minor": 20000, "refunds": 1}],
}
PATCH_ORGANIZATION: Final[dict[str, Any]] = {
    "support_email": "hello@kampala-coffee.test",
    "color": "#6f4e37",
    "payment_bounds": {"USD": {"min_minor": 100, "max_minor": 500000}},
    "reminders": {"before_expiry_hours": [24], "unpaid_days": [3]},
}
ORGANIZATION: Final[dict[str, Any]] = {
    "id": _ORG_ID,
    "merchant_id": "01932c06-0000-7000-8000-000000000002",
    "name": "Kampala Coffee",
    "slug": "kampala-coffee",
    "default_currency": "UGX",
    "currencies": ["UGX", "USD"],
    "support_email": "hello@kampala-coffee.test",
    "locale": "en",
    "timezone": "Africa/Kampala",
    "logo_url": None,
    "color": "#6f4e37",
    "late_payment_policy": "accept",
    "payment_bounds": {"USD": {"min_minor": 100, "max_minor": 500000}},
    "tax_mode": "exclusive",
    "default_methods": ["mobile_money", "card"],
    "default_providers": [],
    "link_lifetime_seconds": 604800,
    "redirect_origins": ["https://shop.example.com"],
    "checkout_url": None,
    "reminders": {
        "before_expiry_hours": [24],
        "unpaid_days": [3],
        "renewal_days": [3],
        "dunning_days": [1, 3, 7],
    },
    "revision": 1,
    "created_at": _AT,
    "updated_at": _AT,
}
CREATE_KEY: Final[dict[str, Any]] = {"name": "Web shop", "scopes": ["links:read", "links:write"]}
ROTATE_KEY: Final[dict[str, Any]] = {"overlap_seconds": 3600}
KEY: Final[dict[str, Any]] = {
    "id": "k7q2m9x4bt3w",
    "name": "Web shop",
    "scopes": ["links:read", "links:write"],
    "livemode": False,
    "prefix": "plk_test_k7q2m9x4bt3w_",
    "created_at": _AT,
    "expires_at": None,
    "revoked_at": None,
    "rotated_to": None,
    "last_used_at": None,
}
NEW_KEY: Final[dict[str, Any]] = {**KEY, "secret": "plk_test_k7q2m9x4bt3w_…"}
