from typing import Any, Final

from services.links.dialects.core import wire
from services.links.dialects.surface.openapi import ANYWHERE, Answer, Document, Operation

_CREATE: Final[dict[str, Any]] = {
    "link_type": "instant",
    "title": "Donation",
    "price": 5000,
    "currency_code": "XOF",
    "public_description": "Support our cause!",
    "success_url": "https://example.com/thank-you",
}
_LINK: Final[dict[str, Any]] = {
    "link_id": "d7e8f0a1-b2c3-4d5e-8f9a-0b1c2d3e4f5a",
    "merchant_id": "904d003c-3736-41d4-90a5-9de74d404fd7",
    "organization_id": "0979ec77-9fb1-4c9a-8c55-d7fb6c182c9c",
    "link_type": "instant",
    "url": "https://pay.example.com/core/instant/d7e8f0a1-b2c3-4d5e-8f9a-0b1c2d3e4f5a",
    "product_id": None,
    "product_name": None,
    "product_price": None,
    "plan_id": None,
    "plan_name": None,
    "plan_amount": None,
    "title": "Donation",
    "public_description": "Support our cause!",
    "private_description": None,
    "price": 5000,
    "currency_code": "XOF",
    "allowed_providers": None,
    "allow_coupon_code": False,
    "is_active": True,
    "expires_at": None,
    "success_url": "https://example.com/thank-you",
    "cancel_url": None,
    "metadata": None,
    "created_at": "2023-10-27T10:00:00.000Z",
    "updated_at": "2023-10-27T10:00:00.000Z",
}
_PATH: Final = "/payment-links"
_ONE: Final = _PATH + "/{link_id}"
_MISSING: Final = Answer("There is no such link, product or plan.", wire.Refused)
_ENDED: Final = Answer("It has ended, or names something that is no longer sold.", wire.Refused)
_QUERY: Final = (
    ("link_type", {"type": "string", "enum": ["product", "plan", "instant"]}),
    ("currency_code", {"type": "string", "pattern": "^[A-Z]{3}$"}),
    ("is_active", {"type": "boolean"}),
    ("page", {"type": "integer", "minimum": 1, "maximum": 100000, "default": 1}),
    ("page_size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
    ("include_expired", {"type": "boolean", "default": False}),
)

DOCUMENT: Final = Document(
    root="/core",
    title="Paylinks: the core dialect",
    description="Instant, product and plan links. Amounts are in the smallest currency unit.",
    security={"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
    refused=wire.Refused,
    refusals={
        400: "A value cannot be accepted; `error.field` names it.",
        401: "The API key is missing or wrong.",
        403: "The API key lacks the scope for this.",
        500: "Our fault. Nothing was half done.",
        **ANYWHERE,
    },
    operations=(
        Operation(
            method="post",
            path=_PATH,
            id="createPaymentLink",
            summary="Create a payment link",
            body=wire.CreateLink,
            body_example=_CREATE,
            answers={
                201: Answer("Created.", wire.OneLink, {"success": True, "data": _LINK}),
                404: _MISSING,
                409: _ENDED,
            },
        ),
        Operation(
            method="get",
            path=_PATH,
            id="listPaymentLinks",
            summary="List payment links, newest first",
            query=_QUERY,
            answers={
                200: Answer(
                    "One page.",
                    wire.Links,
                    {"success": True, "data": [_LINK], "meta": {"page": 1, "pageSize": 50, "totalCount": 1}},
                )
            },
        ),
        Operation(
            method="get",
            path=_ONE,
            id="getPaymentLink",
            summary="Read a payment link",
            answers={200: Answer("Found.", wire.OneLink, {"success": True, "data": _LINK}), 404: _MISSING},
        ),
        Operation(
            method="patch",
            path=_ONE,
            id="updatePaymentLink",
            summary="Change what can be changed",
            body=wire.PatchLink,
            body_example={"allowed_providers": ["WAVE"], "metadata": {"updated_via": "api"}},
            answers={
                200: Answer("Changed.", wire.OneLink, {"success": True, "data": _LINK}),
                404: _MISSING,
                409: _ENDED,
            },
        ),
        Operation(
            method="delete",
            path=_ONE,
            id="deletePaymentLink",
            summary="Delete a payment link",
            answers={204: Answer("Deleted."), 404: _MISSING},
        ),
    ),
)
