from typing import Any, Final

from services.links.dialects.catalog import wire
from services.links.dialects.surface.openapi import ANYWHERE, Answer, Document, Operation

_ID: Final = "019aa5a0-6a1c-7c3e-9f00-3d6c1f0f7a10"
_PRODUCT: Final = "019aa5a0-1111-7c3e-9f00-3d6c1f0f7a10"
_CREATE: Final[dict[str, Any]] = {
    "name": "Spring campaign",
    "products": [{"product_id": _PRODUCT, "quantity": 2}],
    "currency": "USD",
    "pricing_mode": "TAX_EXCLUSIVE",
    "max_uses": 100,
}
_PRICED: Final[dict[str, Any]] = {
    "products": [
        {
            "product_id": _PRODUCT,
            "name": "Gift card",
            "description": "Arrives by e-mail.",
            "image_url": None,
            "quantity": 2,
            "unit_price": "19.99",
            "amount": "39.98",
            "tax_name": "VAT",
            "tax_amount": "7.20",
        }
    ],
    "currency": "USD",
    "pricing_mode": "TAX_EXCLUSIVE",
    "subtotal": "39.98",
    "tax_amount": "7.20",
    "total": "47.18",
}
_LINK: Final[dict[str, Any]] = {
    "id": _ID,
    "name": "Spring campaign",
    "url": "https://pay.example.com/checkout/gift-card",
    "is_active": True,
    "status": "active",
    **_PRICED,
    "expires_at": None,
    "max_uses": 100,
    "use_count": 1,
    "metadata": {},
    "paid_count": 1,
    "revenue": "47.18",
    "revenue_by_currency": {"USD": "47.18"},
    "created_at": "2026-04-03T10:00:00Z",
    "updated_at": "2026-04-03T10:00:00Z",
}
_STATS: Final[dict[str, Any]] = {
    "paid_count": 1,
    "revenue": "47.18",
    "currency": "USD",
    "revenue_by_currency": {"USD": "47.18"},
    "last_paid_at": "2026-04-03T10:05:00Z",
    "remaining_uses": 99,
    "payments_total": 1,
    "payments_paid": 1,
    "payments_pending": 0,
    "payments_failed": 0,
}
_PAYMENT: Final[dict[str, Any]] = {
    "id": "019aa5a0-2222-7c3e-9f00-3d6c1f0f7a10",
    "status": "paid",
    "amount": "47.18",
    "currency": "USD",
    "payment_method": "card",
    "email": "buyer@example.com",
    "name": "Amina Okello",
    "phone": None,
    "receipt_number": "R-20260403-K7Q2ZB4M",
    "failure_reason": None,
    "created_at": "2026-04-03T10:04:00Z",
    "updated_at": "2026-04-03T10:05:00Z",
}
_PREVIEW: Final[dict[str, Any]] = {
    "id": _ID,
    "title": "Gift card",
    "description": None,
    "organization_name": "Kampala Coffee",
    "organization_logo_url": None,
    **_PRICED,
    "totals": [{"currency": "USD", "subtotal": "39.98", "tax_amount": "7.20", "total": "47.18"}],
    "expires_at": None,
    "url": "https://pay.example.com/checkout/gift-card",
}
_SESSION: Final[dict[str, Any]] = {
    "id": "019aa5a0-3333-7c3e-9f00-3d6c1f0f7a10",
    "payment_link": _ID,
    "checkout_url": "https://pay.example.com/checkout/sessions/019aa5a0-3333-7c3e-9f00-3d6c1f0f7a10?token=…",
    "token": "…",
    "expires_at": "2026-04-03T10:30:00Z",
}
_PATH: Final = "/api/payment-links/"
_ONE: Final = _PATH + "{link_id}/"
_PUBLIC: Final = _PATH + "public/{link_id}/"
_MISSING: Final = Answer("There is no such payment link, or product.", wire.Refused)
_ENDED: Final = Answer("It was archived or revoked, which cannot be undone.", wire.Refused)
_GATED: Final = Answer("It opens for its recipient only, at its own page.", wire.Refused)
_GONE: Final = Answer("The link is inactive, expired or used up: `reason` says which.", wire.Refused)
_BUSY: Final = Answer("The link would take the buyer, and the payment cannot begin now.", wire.Refused)
_ANOTHER: Final = Answer("The Idempotency-Key was used for another request.", wire.Refused)
_QUERY: Final = (
    ("page", {"type": "integer", "minimum": 1, "maximum": 100000, "default": 1}),
    ("page_size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
)
_WRONG: Final = Answer("Values that cannot be accepted, by field.", wire.Wrong)


def _page(result: dict[str, Any]) -> dict[str, Any]:
    return {"count": 1, "next": None, "previous": None, "results": [result]}


_MEMBERS: Final = (
    Operation(
        method="get",
        path=_PATH,
        id="listPaymentLinks",
        summary="List payment links, newest first, with what they earned",
        query=_QUERY,
        answers={200: Answer("One page.", wire.Links, _page(_LINK)), 400: _WRONG},
    ),
    Operation(
        method="post",
        path=_PATH,
        id="createPaymentLink",
        summary="Create a payment link from products",
        body=wire.CreateLink,
        body_example=_CREATE,
        answers={201: Answer("Created.", wire.Link, _LINK), 400: _WRONG, 404: _MISSING},
    ),
    Operation(
        method="get",
        path=_ONE,
        id="getPaymentLink",
        summary="Read a payment link, with its statistics",
        answers={
            200: Answer("Found.", wire.LinkWithStats, {**_LINK, "stats": _STATS}),
            400: _WRONG,
            404: _MISSING,
        },
    ),
    Operation(
        method="patch",
        path=_ONE,
        id="updatePaymentLink",
        summary="Change the name, the switch, expiry, number of uses or metadata",
        body=wire.PatchLink,
        body_example={"is_active": False},
        answers={200: Answer("Changed.", wire.Link, _LINK), 400: _WRONG, 404: _MISSING, 409: _ENDED},
    ),
    Operation(
        method="delete",
        path=_ONE,
        id="deletePaymentLink",
        summary="Delete a payment link: buyers find it gone, its payments stay",
        answers={204: Answer("Deleted."), 400: _WRONG, 404: _MISSING, 409: _ENDED},
    ),
    Operation(
        method="get",
        path=_ONE + "payments/",
        id="listPayments",
        summary="List the payments of a link, newest first",
        query=_QUERY,
        answers={200: Answer("One page.", wire.Payments, _page(_PAYMENT)), 400: _WRONG, 404: _MISSING},
    ),
    Operation(
        method="post",
        path="/api/login/",
        id="logIn",
        summary="Sign in as a member; the answer has the Token",
        body=wire.Login,
        body_example={"email": "owner@example.com", "password": "three quiet rivers"},
        answers={
            200: Answer(
                "Signed in.",
                wire.LoggedIn,
                {
                    "access_token": "…",
                    "token_type": "Token",
                    "expires_at": "2026-04-03T22:00:00Z",
                    "organization": {"id": "019aa5a0-4444-7c3e-9f00-3d6c1f0f7a10", "name": "Kampala Coffee"},
                },
            ),
            400: _WRONG,
        },
        open=True,
    ),
    Operation(
        method="post",
        path="/api/logout/",
        id="logOut",
        summary="End the session of the Token",
        answers={204: Answer("It works no more."), 400: _WRONG},
        open=True,
    ),
)
_BUYERS: Final = (
    Operation(
        method="get",
        path=_PUBLIC,
        id="previewPaymentLink",
        summary="What a buyer may see of a link",
        answers={
            200: Answer("It can be paid.", wire.Preview, _PREVIEW),
            400: _WRONG,
            403: _GATED,
            404: _MISSING,
            410: _GONE,
        },
        open=True,
    ),
    Operation(
        method="post",
        path=_PUBLIC + "start/",
        id="startCheckout",
        summary="Start the checkout of a buyer",
        body=wire.Start,
        body_example={"email": "buyer@example.com", "first_name": "Amina", "last_name": "Okello", "currency": "EUR"},
        answers={
            201: Answer("The buyer goes on at `checkout_url`.", wire.Session, _SESSION),
            400: _WRONG,
            403: _GATED,
            404: _MISSING,
            409: _BUSY,
            410: _GONE,
            422: _ANOTHER,
        },
        open=True,
    ),
    Operation(
        method="post",
        path="/checkout/create/",
        id="createCheckout",
        summary="Start the checkout of a buyer for line items of your own; needs an API key",
        body=wire.CreateCheckout,
        body_example={
            "email": "buyer@example.com",
            "line_items": [{"name": "Setup", "unit_price": "49.00", "quantity": 1}],
            "currency": "USD",
            "success_url": "https://example.com/thank-you",
        },
        answers={
            201: Answer("The buyer goes on at `checkout_url`.", wire.Session, _SESSION),
            400: _WRONG,
            409: _BUSY,
            410: _GONE,
            422: _ANOTHER,
        },
    ),
)
DOCUMENT: Final = Document(
    root="/catalog",
    title="Paylinks: the catalog dialect",
    description="Links of products from the catalog, in USD or EUR. Amounts are texts in major units. Members send "
    "`Authorization: Token`; `/checkout/create/` takes `Authorization: Api-Key`; the public routes need neither.",
    security={
        "token": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <access_token>` of a member; `Api-Key <key>` for /checkout/create/ alone.",
        }
    },
    refused=wire.Refused,
    refusals={
        401: "The Token (or, for /checkout/create/, the Api-Key) is missing or wrong.",
        403: "The role or the key does not allow it.",
        500: "Our fault. Nothing was half done.",
        **ANYWHERE,
    },
    operations=(*_MEMBERS, *_BUYERS),
)
