"""The pieces that the buyer's operations of the document are made of."""

from typing import Any, Final

from services.checkout.web import api_examples as examples
from shared.runtime.openapi import JSON, REF
from shared.runtime.operation import TEXT, UUID_TEXT
from shared.runtime.problems import MEDIA_TYPE

_PROBLEMS: Final[dict[int, tuple[str, dict[str, Any]]]] = {
    400: (
        "A value cannot be accepted: `invalid`, `amount_out_of_bounds`, `method_unavailable`.",
        {"invalid": examples.INVALID},
    ),
    401: (
        (
            "`unauthorized`: the token is missing, or of another session. Of a link with a gate: `otp_required`, with "
            "the `otp_url` where an address is proven; `otp_rejected`, when the code is wrong or its time is over."
        ),
        {"otp_required": examples.OTP_REQUIRED},
    ),
    404: ("`link_not_found`, `not_found`.", {}),
    409: (
        (
            "`all_uses_held`, with Retry-After; `coupon_refused`; `charge_under_way`; `prompt_active`: the "
            "phone is being asked about another payment, until `retry_at`; `provider_not_connected`; "
            "`not_gated`: nothing has to be proven for this link."
        ),
        {"all_uses_held": examples.ALL_HELD, "coupon_refused": examples.COUPON_REFUSED},
    ),
    410: (
        "The link refuses (`link_<reason>`), or the session took too long (`session_expired`).",
        {"link_exhausted": examples.REFUSED},
    ),
    408: ("The body took too long to arrive. Nothing was done.", {}),
    413: ("The body is too large.", {}),
    422: ("`idempotency_mismatch`: the key was used with another body.", {}),
    429: ("`rate_limited`, with Retry-After.", {}),
    503: ("`unavailable`, with Retry-After: send the same request again.", {}),
}


def in_path(name: str, *, uuid: bool = False) -> dict[str, Any]:
    schema = UUID_TEXT if uuid else TEXT | {"maxLength": 64}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def body(schema: str, named: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {JSON: _content(schema, named)}}


def answer(schema: str, named: dict[str, Any], description: str = "Done.") -> dict[str, Any]:
    return {"description": description, "content": {JSON: _content(schema, named)}}


def _content(schema: str, named: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": {"$ref": REF.format(name=schema)},
        "examples": {name: {"value": value} for name, value in named.items()},
    }


def problems(*statuses: int) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status in statuses:
        description, named = _PROBLEMS[status]
        content: dict[str, Any] = {"schema": {"$ref": REF.format(name="Problem")}}
        if named:
            content["examples"] = {name: {"value": value} for name, value in named.items()}
        answers[str(status)] = {"description": description, "content": {MEDIA_TYPE: content}}
    return answers
