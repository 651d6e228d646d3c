from typing import Any, Final

from services.links.dialects.digital import wire
from services.links.dialects.surface.openapi import ANYWHERE, Answer, Document, Operation

_CREATE: Final[dict[str, Any]] = {
    "product_id": "prod_01j2k3m4n5p6",
    "slug": "my-python-course",
    "title": "Advanced Python Course",
    "payment_methods": "mobile_money,card",
    "max_uses": 100,
    "expires_at": "2025-12-31T23:59:59Z",
}
_LINK: Final[dict[str, Any]] = {
    "id": "lnk_01j2k3m4n5p6q7r8s9t0v1w2x3",
    "product_id": "prod_01j2k3m4n5p6",
    "slug": "my-python-course",
    "title": "Advanced Python Course",
    "payment_methods": "mobile_money,card",
    "is_active": True,
    "max_uses": 100,
    "use_count": 0,
    "expires_at": "2025-12-31T23:59:59Z",
    "created_at": "2024-07-15T10:00:00Z",
}
_PATH: Final = "/api/v2/digital/links"
_ONE: Final = _PATH + "/{link_id}"
_IDS: Final = {"link_id": {"type": "string", "pattern": "^lnk_[0-9a-z]{26}$"}}
_MISSING: Final = Answer("There is no such link or product.", wire.Refused)
_TAKEN: Final = Answer("The slug is taken, or the product is archived.", wire.Refused)
_PAGE: Final = (
    ("page", {"type": "integer", "minimum": 1, "maximum": 100000, "default": 1}),
    ("page_size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 100}),
)
_FOUND: Final = {"success": True, "data": _LINK}

DOCUMENT: Final = Document(
    root="/digital",
    title="Paylinks: the digital dialect",
    description="Payment links of products, with the session of the dashboard. JSON only.",
    security={"session": {"type": "apiKey", "in": "cookie", "name": "session"}},
    refused=wire.Refused,
    refusals={
        400: "A value cannot be accepted; `error.field` names it.",
        401: "The session cookie is missing or has ended.",
        403: "The member may not do this, or it came from another site.",
        415: "Only JSON is taken.",
        **ANYWHERE,
    },
    operations=(
        Operation(
            method="post",
            path=_PATH,
            id="createLink",
            summary="Create a link of a product",
            body=wire.CreateLink,
            body_example=_CREATE,
            answers={201: Answer("Created.", wire.OneLink, _FOUND), 404: _MISSING, 409: _TAKEN},
        ),
        Operation(
            method="get",
            path=_PATH,
            id="listLinks",
            summary="List links, newest first",
            query=_PAGE,
            answers={200: Answer("One page.", wire.Links)},
        ),
        Operation(
            method="get",
            path=_ONE,
            id="getLink",
            summary="Read a link",
            path_schemas=_IDS,
            answers={200: Answer("Found.", wire.OneLink, _FOUND), 404: _MISSING},
        ),
        Operation(
            method="put",
            path=_ONE,
            id="updateLink",
            summary="Change what is named",
            path_schemas=_IDS,
            body=wire.PutLink,
            body_example={"is_active": False, "max_uses": 50},
            answers={200: Answer("Changed.", wire.OneLink, _FOUND), 404: _MISSING, 409: _TAKEN},
        ),
        Operation(
            method="delete",
            path=_ONE,
            id="deleteLink",
            summary="Delete a link",
            path_schemas=_IDS,
            answers={200: Answer("Deleted.", wire.Done, {"success": True}), 404: _MISSING},
        ),
        Operation(
            method="get",
            path=_ONE + "/revenue",
            id="getRevenue",
            summary="What the link earned",
            path_schemas=_IDS,
            answers={
                200: Answer(
                    "In numbers.",
                    wire.OneRevenue,
                    {"success": True, "data": {"total_revenue": 1500000, "paid_orders": 30, "currency": "UGX"}},
                ),
                404: _MISSING,
            },
        ),
    ),
)
