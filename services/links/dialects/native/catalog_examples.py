"""One example of every shape of the catalog, as it travels. A test decodes each of them."""

from typing import Any, Final

_AT: Final = "2026-11-21T09:00:00Z"
_TAX_RATE_ID: Final = "01932c06-5d1a-7f00-8a2b-3c4d5e6f7a8d"

CREATE_PRODUCT: Final[dict[str, Any]] = {
    "name": "House blend, 1 kg",
    "prices": [{"amount_minor": 50000, "currency": "UGX"}, {"amount_minor": 1400, "currency": "USD"}],
}
PATCH_PRODUCT: Final[dict[str, Any]] = {"price": {"amount_minor": 55000, "currency": "UGX"}}
PRODUCT: Final[dict[str, Any]] = {
    "id": "01932c06-5d1a-7f00-8a2b-3c4d5e6f7a8b",
    "digital_id": "prod_01jcp0cqgtfw08m4sw9njf6ymb",
    "name": "House blend, 1 kg",
    "description": None,
    "image_url": None,
    "price": {"amount_minor": 50000, "currency": "UGX"},
    "prices": [{"amount_minor": 50000, "currency": "UGX"}, {"amount_minor": 1400, "currency": "USD"}],
    "tax_rate_id": None,
    "metadata": {},
    "active": True,
    "livemode": False,
    "revision": 1,
    "created_at": _AT,
    "updated_at": _AT,
}
CREATE_PLAN: Final[dict[str, Any]] = {
    "name": "Coffee every month",
    "price": {"amount_minor": 10000, "currency": "XOF"},
    "interval": "month",
}
PATCH_PLAN: Final[dict[str, Any]] = {"description": "Half a kilo, freshly roasted.", "interval_count": 2}
PLAN: Final[dict[str, Any]] = {
    "id": "01932c06-5d1a-7f00-8a2b-3c4d5e6f7a8c",
    "name": "Coffee every month",
    "description": None,
    "price": {"amount_minor": 10000, "currency": "XOF"},
    "interval": "month",
    "interval_count": 1,
    "metadata": {},
    "active": True,
    "livemode": False,
    "revision": 1,
    "created_at": _AT,
    "updated_at": _AT,
}
CREATE_COUPON: Final[dict[str, Any]] = {
    "code": "welcome10",
    "discount": {"type": "percent", "basis_points": 1000},
    "redemptions_max": 100,
    "expires_at": "2027-12-31T23:59:59Z",
}
PATCH_COUPON: Final[dict[str, Any]] = {"redemptions_max": 200, "expires_at": None}
COUPON: Final[dict[str, Any]] = {
    "id": "01932c06-5d1a-7f00-8a2b-3c4d5e6f7a8e",
    "code": "WELCOME10",
    "discount": {"type": "percent", "basis_points": 1000},
    "currency": None,
    "expires_at": "2027-12-31T23:59:59Z",
    "redemptions": {"max": 100, "redeemed": 0, "held": 0, "remaining": 100},
    "metadata": {},
    "active": True,
    "livemode": False,
    "revision": 1,
    "created_at": _AT,
    "updated_at": _AT,
}
CREATE_TAX_RATE: Final[dict[str, Any]] = {"name": "VAT", "percent": "18", "country": "UG"}
PATCH_TAX_RATE: Final[dict[str, Any]] = {"percent": "18.5"}
TAX_RATE: Final[dict[str, Any]] = {
    "id": _TAX_RATE_ID,
    "name": "VAT",
    "percent": "18",
    "country": "UG",
    "active": True,
    "livemode": False,
    "revision": 1,
    "created_at": _AT,
    "updated_at": _AT,
}
