from typing import Any, Final

from services.links.dialects.collections import wire
from services.links.dialects.surface.openapi import ANYWHERE, Answer, Document, Operation

_CREATE: Final[dict[str, Any]] = {
    "title": "Invoice #123",
    "amount_type": "fixed",
    "amount": 50000,
    "currency": "RWF",
    "payment_types": ["card", "mobile_money"],
    "max_uses": 1,
    "expires_at": "2026-12-31 23:59:59",
}
_LINK: Final[dict[str, Any]] = {
    "id": "25a5643d-31de-490d-808d-82af72fdd097",
    "slug": "invoice-123",
    "url": "https://pay.example.com/collections/generation/pay/invoice-123",
    "title": "Invoice #123",
    "amount_type": "fixed",
    "amount": 50000,
    "currency": "RWF",
    "payment_types": ["card", "mobile_money"],
    "use_count": 0,
    "max_uses": 1,
    "status": "active",
    "expires_at": "2026-12-31 23:59:59",
    "created_at": "2026-04-03 10:00:00",
}
_STATS: Final[dict[str, Any]] = {
    "status": "success",
    "link": _LINK,
    "stats": {
        "total_charges": 4,
        "successful_charges": 1,
        "pending_charges": 0,
        "failed_charges": 3,
        "total_collected": 500,
        "currency": "RWF",
    },
    "recent_charges": [
        {
            "id": "5de825d0-0000-7000-8000-000000000000",
            "amount": "500.00",
            "currency": "RWF",
            "status": "success",
            "created_at": "2026-03-09 15:56:32",
        }
    ],
}
_PATH: Final = "/generation/v2/payment-links"
_ONE: Final = _PATH + "/{link_id}"
_ENDED: Final = Answer("The link is archived, or the slug is taken.", wire.Refused)
_MISSING: Final = Answer("There is no such link.", wire.Refused)
_PAGE: Final = (
    ("page", {"type": "integer", "minimum": 1, "default": 1}),
    ("per_page", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
)

DOCUMENT: Final = Document(
    root="/collections",
    title="Paylinks: the collections dialect",
    description=(
        "Payment links with fixed and flexible amounts. Amounts are in major units, times in UTC. "
        "Every path works without `/generation/v2`, too: `/payment-links` and `/payment-links/{link_id}`."
    ),
    security={"key": {"type": "apiKey", "in": "header", "name": "X-DGS-API-Key"}},
    refused=wire.Refused,
    refusals={
        400: "A value cannot be accepted; `field` names it.",
        401: "The API key is missing or wrong.",
        403: "The API key lacks the scope for this.",
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
                201: Answer(
                    "Created.",
                    wire.OneLink,
                    {"status": "success", "message": "Payment link created", "link": _LINK},
                ),
                409: Answer("The slug is taken.", wire.Refused),
            },
        ),
        Operation(
            method="get",
            path=_PATH,
            id="listPaymentLinks",
            summary="List payment links, newest first",
            query=_PAGE,
            answers={
                200: Answer(
                    "One page.",
                    wire.Links,
                    {
                        "status": "success",
                        "links": [_LINK],
                        "pagination": {"page": 1, "per_page": 20, "total": 1, "total_pages": 1},
                    },
                )
            },
        ),
        Operation(
            method="get",
            path=_ONE,
            id="getPaymentLink",
            summary="A payment link with its charges in numbers",
            answers={200: Answer("Found.", wire.LinkWithStats, _STATS), 404: _MISSING},
        ),
        Operation(
            method="patch",
            path=_ONE,
            id="updatePaymentLink",
            summary="Change what is named",
            body=wire.PatchLink,
            body_example={"title": "Invoice #124"},
            answers={
                200: Answer(
                    "Changed.",
                    wire.OneLink,
                    {"status": "success", "message": "Payment link updated", "link": _LINK},
                ),
                404: _MISSING,
                409: _ENDED,
            },
        ),
        Operation(
            method="delete",
            path=_ONE,
            id="archivePaymentLink",
            summary="Archive a payment link, for good",
            answers={
                200: Answer("Archived.", wire.Done, {"status": "success", "message": "Payment link archived"}),
                404: _MISSING,
            },
        ),
    ),
)
