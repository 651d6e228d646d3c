"""The OpenAPI 3.1 document of checkout's JSON API, made from the Structs that the routes read and write.

The routes read raw bodies (typed, bounded and exact, see shared.runtime.body), which Litestar cannot describe.
"""

from typing import Any, Final

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from services.checkout.web import api_examples as examples
from services.checkout.web.api_wire import CallbackOut, LinkOut, OpenedOut, OpenSessionBody, PayBody, SessionOut

_SCHEMAS: Final = (LinkOut, OpenSessionBody, OpenedOut, PayBody, SessionOut, CallbackOut)
_REF: Final = "#/components/schemas/{name}"
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; what else is there depends on it.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "next_step": {"type": "string"},
        "request_id": {"type": "string"},
    },
    "required": ["type", "title", "status", "code"],
}
_PROBLEMS: Final[dict[int, tuple[str, dict[str, Any]]]] = {
    400: (
        "A value cannot be accepted: `invalid`, `amount_out_of_bounds`, `method_unavailable`.",
        {"invalid": examples.INVALID},
    ),
    401: ("The token is missing, or of another session.", {}),
    404: ("`link_not_found`, `not_found`.", {}),
    409: (
        "`all_uses_held`, with Retry-After; `coupon_refused`; `charge_under_way`; `provider_not_connected`.",
        {"all_uses_held": examples.ALL_HELD, "coupon_refused": examples.COUPON_REFUSED},
    ),
    410: (
        "The link refuses (`link_<reason>`), or the session took too long (`session_expired`).",
        {"link_exhausted": examples.REFUSED},
    ),
    413: ("The body is too large.", {}),
    422: ("`idempotency_mismatch`: the key was used with another body.", {}),
    429: ("`rate_limited`, with Retry-After.", {}),
    503: ("`unavailable`, with Retry-After: send the same request again.", {}),
}


def document() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(_SCHEMAS, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paylinks checkout",
            "version": "1",
            "description": "What a buyer's page or app needs: see a link, open a session, pay it, follow it.",
        },
        "paths": _paths(),
        "components": {
            "schemas": schemas | {"Problem": _PROBLEM},
            "securitySchemes": {
                "session": {"type": "http", "scheme": "bearer", "description": "The `token` of the session."}
            },
        },
    }


def routes() -> list[Any]:
    body = msgspec.json.encode(document())

    @get("/openapi.json", include_in_schema=False)
    async def openapi() -> ASGIResponse:
        return ASGIResponse(body=body, media_type="application/json")

    return [openapi]


def _paths() -> dict[str, Any]:
    return {
        "/v1/checkout/{slug}": {"get": _show_link()},
        "/v1/checkout/{slug}/sessions": {"post": _open_session()},
        "/v1/checkout/sessions/{session_id}": {"get": _read_session()},
        "/v1/checkout/sessions/{session_id}/pay": {"post": _pay()},
        "/v1/checkout/sessions/{session_id}/call-off": {"post": _call_off()},
        "/v1/checkout/sessions/{session_id}/events": {"get": _events()},
        "/callbacks/sandbox/{account}": {"post": _callback()},
    }


def _show_link() -> dict[str, Any]:
    return {
        "operationId": "show_link",
        "summary": "The link, as anybody may see it",
        "parameters": [_in_path("slug")],
        "responses": {
            "200": _answer("LinkOut", {"link": examples.LINK, "cart": examples.CART_LINK, "plan": examples.PLAN_LINK})
        }
        | _problems(404, 409, 410, 429, 503),
    }


def _open_session() -> dict[str, Any]:
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "The same key and body again by the same client: the same answer, with "
        "`Idempotent-Replayed: true`. Another body: 422. A key belongs to its client (see `Client-Nonce`): the same "
        "key from somebody else is another key, and opens a session of their own.",
    }
    client = {
        "name": "Client-Nonce",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 16, "maxLength": 128},
        "description": "Random, kept by the client and sent with each try: who the Idempotency-Key belongs to. "
        "Without it, the address that the request comes from stands in.",
    }
    return {
        "operationId": "open_session",
        "summary": "Begin to pay",
        "parameters": [_in_path("slug"), key, client],
        "requestBody": _body(
            "OpenSessionBody",
            {"customer": examples.OPEN_SESSION, "coupon": examples.OPEN_WITH_COUPON},
            required=False,
        ),
        "responses": {"201": _answer("OpenedOut", {"opened": examples.OPENED})}
        | _problems(400, 404, 409, 410, 413, 422, 429, 503),
    }


def _read_session() -> dict[str, Any]:
    return {
        "operationId": "read_session",
        "summary": "The session, its charge, and what the buyer does next",
        "security": [{"session": []}],
        "parameters": [_in_path("session_id", uuid=True)],
        "responses": {"200": _answer("SessionOut", {"paying": examples.PAYING, "paid": examples.PAID})}
        | _problems(401, 404, 503),
    }


def _pay() -> dict[str, Any]:
    return {
        "operationId": "pay",
        "summary": "Start a charge, or join the one under way",
        "description": "A charge that fails at once is answered with 202 too: the session is `open` again and "
        "`charge.failure_reason` says why.",
        "security": [{"session": []}],
        "parameters": [_in_path("session_id", uuid=True)],
        "requestBody": _body("PayBody", {"mobile_money": examples.PAY_MOBILE, "card": examples.PAY_CARD}),
        "responses": {
            "200": _answer("SessionOut", {"paid": examples.PAID}, "It was paid before."),
            "202": _answer("SessionOut", {"paying": examples.PAYING}, "Follow `next_action`."),
        }
        | _problems(400, 401, 404, 409, 410, 429, 503),
    }


def _call_off() -> dict[str, Any]:
    return {
        "operationId": "call_off",
        "summary": "Take back a charge that nobody has approved yet",
        "description": "For a wrong number, or another way to pay. The provider calls the prompt off first: afterwards "
        "the session is `open` again and can be paid anew, or it is `paid`, when the payer was faster. With nothing "
        "under way it answers the session as it is.",
        "security": [{"session": []}],
        "parameters": [_in_path("session_id", uuid=True)],
        "responses": {"200": _answer("SessionOut", {"paid": examples.PAID})} | _problems(401, 404, 409, 429, 503),
    }


def _events() -> dict[str, Any]:
    stream = {
        "description": "`event: status`, with a session as in `read_session` as data, whenever it changes.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
    return {
        "operationId": "stream_events",
        "summary": "Live status, by server-sent events",
        "security": [{"session": []}],
        "parameters": [_in_path("session_id", uuid=True)],
        "responses": {"200": stream} | _problems(401, 404, 429, 503),
    }


def _callback() -> dict[str, Any]:
    return {
        "operationId": "receive_sandbox_callback",
        "summary": "For the sandbox provider: what became of a payment",
        "parameters": [_in_path("account")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"200": _answer("CallbackOut", {"received": {"received": True}})}
        | _problems(401, 404, 413, 429, 503),
    }


def _in_path(name: str, *, uuid: bool = False) -> dict[str, Any]:
    schema = {"type": "string", "format": "uuid"} if uuid else {"type": "string", "maxLength": 64}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _body(schema: str, named: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": _content(schema, named)}}


def _answer(schema: str, named: dict[str, Any], description: str = "Done.") -> dict[str, Any]:
    return {"description": description, "content": {"application/json": _content(schema, named)}}


def _content(schema: str, named: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": {"$ref": _REF.format(name=schema)},
        "examples": {name: {"value": value} for name, value in named.items()},
    }


def _problems(*statuses: int) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status in statuses:
        description, named = _PROBLEMS[status]
        content: dict[str, Any] = {"schema": {"$ref": _REF.format(name="Problem")}}
        if named:
            content["examples"] = {name: {"value": value} for name, value in named.items()}
        answers[str(status)] = {"description": description, "content": {"application/problem+json": content}}
    return answers
