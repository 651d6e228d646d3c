"""The merchant's routes about money, for the OpenAPI document."""

from typing import Any, Final, get_args

from services.checkout.domain.lifecycle import ChargeStatus, DisputeStatus, RefundStatus
from services.checkout.web import money_examples as examples
from services.checkout.web.api_openapi_parts import REF
from services.checkout.web.money_wire import (
    MerchantCharge,
    MerchantChargeWhole,
    MerchantDispute,
    MerchantRefund,
    RefundBody,
)
from shared.contracts.links import Method
from shared.runtime.listing import LIMIT_DEFAULT, LIMIT_MAX, Page

SCHEMAS: Final = (
    RefundBody,
    MerchantCharge,
    MerchantChargeWhole,
    MerchantRefund,
    MerchantDispute,
    Page[MerchantCharge],
    Page[MerchantRefund],
    Page[MerchantDispute],
)
SECURITY: Final[dict[str, Any]] = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of links, or a member's sign-in. A page of the "
        "dashboard may send the sign-in's cookie instead, and with what changes something its token as `X-CSRF-Token`.",
    }
}
_PROBLEMS: Final[dict[int, str]] = {
    400: "`invalid`: `field` says which, `rule` why.",
    401: "`unauthorized`: no key, or one that does not work.",
    403: "`forbidden`: the key lacks the scope.",
    404: "`not_found`: no such thing of this organization and mode.",
    409: "`charge_not_captured`, `refund_too_large` (with `refundable_minor`), `refund_not_taken`, `not_in_review`.",
    422: "`idempotency_mismatch`: the key was used with another body.",
    429: "`rate_limited`, with Retry-After.",
    503: "`unavailable`, with Retry-After: send the same request again.",
}
_ID: Final[dict[str, Any]] = {"in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same key and body again: the same answer. Another body: 422.",
}


def paths() -> dict[str, Any]:
    charges = _list("list_charges", "Charges, newest first", "Page_MerchantCharge_", "charges:read", ChargeStatus)
    charges["parameters"] += [
        _query("link_id", {"format": "uuid"}, "Only those of this link."),
        _query("method", {"enum": list(get_args(Method))}, "Only those paid this way."),
        _query("from", {"format": "date-time"}, "Only those made at this moment or later."),
        _query("to", {"format": "date-time"}, "Only those made before this moment."),
    ]
    charges["parameters"].append(_query("review", {"enum": ["true"]}, "Only those that a person is to decide about."))
    refunds = _list("list_refunds", "Refunds, newest first", "Page_MerchantRefund_", "charges:read", RefundStatus)
    disputes = _list("list_disputes", "Disputes, newest first", "Page_MerchantDispute_", "charges:read", DisputeStatus)
    for listing in (refunds, disputes):
        listing["parameters"].append(_query("charge", {"format": "uuid"}, "Only those of this charge."))
    for listing in (charges, refunds, disputes):
        listing["responses"] |= _problems(400, 401, 403, 429, 503)
    return {
        "/v1/charges": {"get": charges},
        "/v1/charges/{charge_id}": {"get": _one("show_charge", "A charge, and what was said against it")},
        "/v1/charges/{charge_id}/accept": {
            "post": _decision("accept_charge", "Keep late money: it counts if a use is left")
        },
        "/v1/charges/{charge_id}/refund": {"post": _decision("refund_charge", "Give late money back")},
        "/v1/refunds": {"get": refunds, "post": _make_refund()},
        "/v1/refunds/{refund_id}": {"get": _show_refund()},
        "/v1/disputes": {"get": disputes},
    }


def _make_refund() -> dict[str, Any]:
    return {
        "operationId": "make_refund",
        "summary": "Give money back",
        "description": "Needs `refunds:write`. Stored at once, then asked of the provider: follow `status`. A full "
        "refund gives no use of the link back.",
        "security": [{"api_key": []}],
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": _content("RefundBody", examples.REFUND_PART)},
        "responses": {"202": {"description": "Stored.", "content": _content("MerchantRefund", examples.REFUND)}}
        | _problems(400, 401, 403, 404, 409, 422, 429, 503),
    }


def _show_refund() -> dict[str, Any]:
    return {
        "operationId": "show_refund",
        "summary": "A refund",
        "description": "Needs `charges:read`.",
        "security": [{"api_key": []}],
        "parameters": [{"name": "refund_id", **_ID}],
        "responses": {"200": {"description": "Done.", "content": _content("MerchantRefund", examples.REFUND)}}
        | _problems(401, 403, 404, 429, 503),
    }


def _one(name: str, summary: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "description": "Needs `charges:read`.",
        "security": [{"api_key": []}],
        "parameters": [{"name": "charge_id", **_ID}],
        "responses": {"200": {"description": "Done.", "content": _content("MerchantChargeWhole", examples.CHARGE)}}
        | _problems(401, 403, 404, 429, 503),
    }


def _decision(name: str, summary: str) -> dict[str, Any]:
    answers = _problems(401, 403, 404, 409, 429, 503)
    one = _one(name, summary)
    return one | {"description": "Needs `refunds:write`. May be repeated.", "responses": one["responses"] | answers}


def _list(name: str, summary: str, schema: str, scope: str, statuses: Any) -> dict[str, Any]:
    limit = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}
    return {
        "operationId": name,
        "summary": summary,
        "description": f"Needs `{scope}`.",
        "security": [{"api_key": []}],
        "parameters": [
            {"name": "limit", "in": "query", "required": False, "schema": limit},
            _query("cursor", {}, "The `next_cursor` of the page before."),
            _query("status", {"enum": list(get_args(statuses))}, "Only those in this state."),
        ],
        "responses": {"200": {"description": "Done.", "content": _content(schema, examples.PAGES[name])}},
    }


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    about = {"name": name, "in": "query", "required": False, "description": description}
    return about | {"schema": {"type": "string"} | schema}


def _content(schema: str, example: dict[str, Any]) -> dict[str, Any]:
    shown = {"schema": {"$ref": REF.format(name=schema)}, "examples": {"example": {"value": example}}}
    return {"application/json": shown}


def _problems(*statuses: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
    return {str(status): {"description": _PROBLEMS[status], "content": content} for status in statuses}
