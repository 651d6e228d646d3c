"""Examples of the merchant's routes about money. A test decodes each by the schema that it stands beside."""

from typing import Any, Final

_CHARGE_ID: Final = "01a1fd7e-2614-7144-b36f-9f90eedfc4fa"
_LINK_ID: Final = "01a1fd7e-0f00-7ab0-8f3e-2b1c3d4e5f60"
_AT: Final = "2027-03-05T09:44:25Z"

REFUND_PART: Final[dict[str, Any]] = {"charge_id": _CHARGE_ID, "amount_minor": 20000, "reason": "ordered twice"}
REFUND: Final[dict[str, Any]] = {
    "id": "01a1fd7e-9b00-7c11-9a53-5c3d21f0aa01",
    "charge_id": _CHARGE_ID,
    "link_id": _LINK_ID,
    "amount": {"amount_minor": 20000, "currency": "UGX"},
    "status": "created",
    "reason": "ordered twice",
    "failure": None,
    "provider": "sandbox",
    "asked_by": "key:4f0c2a",
    "origin": "merchant",
    "livemode": False,
    "created_at": _AT,
    "updated_at": _AT,
}
_LISTED: Final[dict[str, Any]] = {
    "id": _CHARGE_ID,
    "link_id": _LINK_ID,
    "session_id": "01a1fd7e-2600-73b8-8336-03b5eb1cf86c",
    "status": "succeeded",
    "total": {"amount_minor": 50000, "currency": "UGX"},
    "refund_status": "partial",
    "refunded_minor": 20000,
    "refunding_minor": 0,
    "disputed_minor": 0,
    "refundable_minor": 30000,
    "review": {"status": "accepted", "reason": "not_counted"},
    "method": "mobile_money",
    "provider": "sandbox",
    "provider_id": "pay_1",
    "failure_reason": None,
    "customer": {"email": "amina@example.com", "name": "Amina", "phone": "+256772123456"},
    "payer_last4": "3456",
    "card_brand": None,
    "livemode": False,
    "created_at": _AT,
    "updated_at": _AT,
}
CHARGE: Final[dict[str, Any]] = _LISTED | {
    "conflicts": [
        {"callback_id": "01a1fd7e-9c00-7d22-8b64-6d4e32f1bb02", "said": "failed", "received_at": "2027-03-05T09:50:00Z"}
    ]
}
_DISPUTE: Final[dict[str, Any]] = {
    "id": "01a1fd7e-9d00-7e33-9c75-7e5f43f2cc03",
    "charge_id": _CHARGE_ID,
    "link_id": _LINK_ID,
    "amount": {"amount_minor": 50000, "currency": "UGX"},
    "status": "open",
    "reason": "fraudulent",
    "provider": "sandbox",
    "external_id": "dp_1",
    "livemode": False,
    "opened_at": _AT,
    "closed_at": None,
}
PAGES: Final[dict[str, dict[str, Any]]] = {
    "list_charges": {"data": [_LISTED], "has_more": False, "next_cursor": None},
    "list_refunds": {"data": [REFUND], "has_more": False, "next_cursor": None},
    "list_disputes": {"data": [_DISPUTE], "has_more": False, "next_cursor": None},
}
