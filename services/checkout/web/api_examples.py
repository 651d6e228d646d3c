"""Examples in the OpenAPI document. A test decodes each by the schema that it stands beside."""

from typing import Any, Final

_SESSION_ID: Final = "01a1fd7e-2600-73b8-8336-03b5eb1cf86c"
_TOKEN: Final = "ckge6s9EJLGHiq2UCzyxjraUWol0fKDTmo22EFH0Uto"  # noqa: S105 - of a session that never was
_URL: Final = f"https://pay.example.com/checkout/sessions/{_SESSION_ID}?token={_TOKEN}"
_MERCHANT: Final = {
    "name": "Kampala Coffee",
    "logo_url": None,
    "color": "#0a6b5a",
    "support_email": "help@kampala.example",
}

LINK: Final[dict[str, Any]] = {
    "slug": "invoice-123",
    "title": "Invoice #123",
    "description": None,
    "merchant": _MERCHANT,
    "pricing": {"type": "fixed", "amount_minor": 50000, "currency": "UGX"},
    "total": {"amount_minor": 50000, "currency": "UGX"},
    "methods": ["mobile_money", "card"],
    "collect": {"email": "optional", "name": "optional", "phone": "no", "address": "no"},
    "coupons_allowed": False,
    "state": "active",
    "uses_remaining": 2,
    "expires_at": "2027-12-31T23:59:59Z",
    "livemode": False,
}
CART_LINK: Final[dict[str, Any]] = LINK | {
    "slug": "two-baskets",
    "title": "Two baskets",
    "pricing": {
        "type": "cart",
        "items": [
            {
                "name": "Woven basket",
                "description": None,
                "image_url": None,
                "quantity": 2,
                "unit_minor": 1250,
                "tax_minor": 450,
                "tax_name": "VAT 18 %",
            }
        ],
        "amount_minor": 2950,
        "currency": "USD",
        "tax_mode": "exclusive",
        "tax_minor": 450,
        "also": [{"amount_minor": 2714, "currency": "EUR", "tax_minor": 414}],
    },
    "total": {"amount_minor": 2950, "currency": "USD"},
    "coupons_allowed": True,
}
PLAN_LINK: Final[dict[str, Any]] = LINK | {
    "slug": "water-club",
    "title": "Water club",
    "pricing": {
        "type": "plan",
        "name": "Water club",
        "amount_minor": 10000,
        "currency": "XOF",
        "interval": "month",
        "interval_count": 1,
    },
    "total": {"amount_minor": 10000, "currency": "XOF"},
}
OPEN_WITH_COUPON: Final[dict[str, Any]] = {"currency": "EUR", "coupon_code": "WELCOME10"}
OPEN_SESSION: Final[dict[str, Any]] = {"customer": {"email": "amina@example.com", "name": "Amina"}}
PAY_MOBILE: Final[dict[str, Any]] = {"method": "mobile_money", "phone": "+256772123456"}
PAY_CARD: Final[dict[str, Any]] = {"method": "card", "card_token": "tok_visa"}
PAY_USSD: Final[dict[str, Any]] = {"method": "ussd", "bank": "058"}
PAY_TRANSFER: Final[dict[str, Any]] = {"method": "bank_transfer"}
PAYING: Final[dict[str, Any]] = {
    "id": _SESSION_ID,
    "status": "paying",
    "version": 3,
    "link": {
        "slug": "invoice-123",
        "title": "Invoice #123",
        "description": None,
        "merchant": _MERCHANT,
        "methods": ["mobile_money", "card"],
        "success_url": None,
        "cancel_url": None,
        "pricing": {"type": "fixed", "amount_minor": 50000, "currency": "UGX"},
    },
    "total": {"amount_minor": 50000, "currency": "UGX"},
    "discount": None,
    "customer": {"email": "amina@example.com", "name": "Amina", "phone": None},
    "address": None,
    "livemode": False,
    "locale": "en",
    "charge": {
        "id": "01a1fd7e-2614-7144-b36f-9f90eedfc4fa",
        "status": "pending",
        "method": "mobile_money",
        "pending_reason": "approval_on_phone",
        "pending_text": "Still pending: you have not approved it on your phone yet.",
        "failure_reason": None,
        "payer_hint": "••••3456",
        "created_at": "2027-01-15T09:44:25.350338Z",
    },
    "next_action": {"type": "prompt", "phone": "+256772123456", "expires_at": "2027-01-15T09:49:25.368Z"},
    "receipt": None,
    "review": None,
    "refunding": None,
    "refunded": None,
    "charged_back": None,
    "created_at": "2027-01-15T09:44:25.344236Z",
    "expires_at": "2027-01-15T10:14:25.344236Z",
    "paid_at": None,
    "url": _URL,
}
PAID: Final[dict[str, Any]] = PAYING | {
    "status": "paid",
    "version": 4,
    "charge": PAYING["charge"] | {"status": "succeeded", "pending_reason": None, "pending_text": None},
    "next_action": {"type": "none"},
    "receipt": {"number": "R-20270115-SDXN7RH2", "url": _URL},
    "paid_at": "2027-01-15T09:44:27.523414Z",
}
PARTLY_BACK: Final[dict[str, Any]] = PAID | {"refunded": {"amount_minor": 5000, "currency": "UGX"}}
CHARGED_BACK: Final[dict[str, Any]] = PAID | {"charged_back": PAID["total"]}
UNDER_REVIEW: Final[dict[str, Any]] = PAID | {"review": "open"}
OPENED: Final[dict[str, Any]] = PAYING | {
    "status": "open",
    "version": 1,
    "charge": None,
    "next_action": {"type": "none"},
    "token": _TOKEN,
}
REFUSED: Final[dict[str, Any]] = {
    "type": "/problems/link_exhausted",
    "title": "This link has been used as often as it may be",
    "status": 410,
    "code": "link_exhausted",
    "reason": "exhausted",
    "since": "2027-01-14T18:02:11.000Z",
    "next_step": "No payment is taken here any more. Ask the merchant.",
    "request_id": "01a1fd7e270577a79f5c8f1c564167ee",
}
ALL_HELD: Final[dict[str, Any]] = {
    "type": "/problems/all_uses_held",
    "title": "Somebody else is paying right now",
    "status": 409,
    "code": "all_uses_held",
    "retry_at": "2027-01-15T09:59:25.350Z",
    "next_step": "Try again at `retry_at`: they may not finish.",
    "request_id": "01a1fd7e270577a79f5c8f1c564167ee",
}
COUPON_REFUSED: Final[dict[str, Any]] = {
    "type": "/problems/coupon_refused",
    "title": "The coupon cannot be used here",
    "status": 409,
    "code": "coupon_refused",
    "field": "coupon_code",
    "reason": "expired",
    "next_step": "`reason` says why. Without the coupon the link can be paid.",
    "request_id": "01a1fd7e270577a79f5c8f1c564167ee",
}
INVALID: Final[dict[str, Any]] = {
    "type": "/problems/invalid",
    "title": "The request has a value that cannot be accepted",
    "status": 400,
    "code": "invalid",
    "field": "phone",
    "rule": "is not a valid phone number; write it as +256772123456",
    "next_step": "Correct the named field and send it again.",
    "request_id": "01a1fd7e270577a79f5c8f1c564167ee",
}
ASK_CODE: Final[dict[str, Any]] = {"email": "amina@example.com", "locale": "en"}
CODE_ASKED: Final[dict[str, Any]] = {
    "resend_at": "2026-11-21T10:01:00Z",
    "expires_at": "2026-11-21T10:10:00Z",
}
PROVE: Final[dict[str, Any]] = {"email": "amina@example.com", "otp": "481516"}
LINK_TOKEN: Final[dict[str, Any]] = {
    "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoicGF5bWVudF9saW5rIn0.c2ln",
    "expires_at": "2026-11-22T10:00:00Z",
    "type": "payment_link",
}
OTP_REQUIRED: Final[dict[str, Any]] = {
    "type": "/problems/otp_required",
    "title": "This link opens for one person only",
    "status": 401,
    "code": "otp_required",
    "next_step": "Post the email address to `otp_url`, put it there again with the code that was mailed, and send the "
    "token as 'Authorization: Bearer …'.",
    "otp_url": "/v1/checkout/invoice-123/otp",
}
