"""The OpenAPI 3.1 document of checkout's JSON API, made from the Structs that the routes read and write.

The routes read raw bodies (typed, bounded and exact, see shared.runtime.body), which Litestar cannot describe.
"""

from typing import Any, Final

from services.checkout.web import api_examples as examples
from services.checkout.web.api_gate import LinkTokenOut, OtpBody, OtpOut, ProofBody
from services.checkout.web.api_openapi_parts import answer, body, in_path, problems
from services.checkout.web.api_problems import OURS
from services.checkout.web.api_wire import CallbackOut, LinkOut, OpenedOut, OpenSessionBody, PayBody, SessionOut
from services.checkout.web.merchant_operations import MERCHANT_OPERATIONS
from services.checkout.web.money_operations import MONEY_OPERATIONS
from shared.runtime import openapi
from shared.runtime.openapi import IDEMPOTENCY_KEY

_SCHEMAS: Final = (
    LinkOut,
    OpenSessionBody,
    OpenedOut,
    PayBody,
    SessionOut,
    CallbackOut,
    OtpBody,
    OtpOut,
    ProofBody,
    LinkTokenOut,
)
_SECURITY_SCHEMES: Final = {
    "session": {"type": "http", "scheme": "bearer", "description": "The `token` of the session."},
    "gate": {
        "type": "http",
        "scheme": "bearer",
        "description": "For a link with a gate: the `token` of `exchange_code`. Any other link needs none.",
    },
}


def document() -> dict[str, Any]:
    made = openapi.document(
        (*MERCHANT_OPERATIONS, *MONEY_OPERATIONS),
        OURS,
        title="Paylinks checkout",
        description="What a buyer's page or app needs: see a link, open a session, pay it, follow it. "
        "And for merchants: charges, refunds and disputes, the providers that they connect, and what these sent.",
        structs=_SCHEMAS,
    )
    made["paths"] = _paths() | made["paths"]
    made["components"]["securitySchemes"] |= _SECURITY_SCHEMES
    return made


def _paths() -> dict[str, Any]:
    return {
        "/v1/checkout/{slug}": {"get": _show_link()},
        "/v1/checkout/{slug}/otp": {"post": _send_code(), "put": _exchange_code()},
        "/v1/checkout/{slug}/sessions": {"post": _open_session()},
        "/v1/checkout/sessions/{session_id}": {"get": _read_session()},
        "/v1/checkout/sessions/{session_id}/pay": {"post": _pay()},
        "/v1/checkout/sessions/{session_id}/call-off": {"post": _call_off()},
        "/v1/checkout/sessions/{session_id}/events": {"get": _events()},
        "/callbacks/{provider}/{account}": {"post": _callback("post"), "put": _callback("put")},
    }


def _show_link() -> dict[str, Any]:
    return {
        "operationId": "show_link",
        "summary": "The link, as anybody may see it",
        "description": "Pages of any site may ask this (CORS), without credentials. While every use that is left is "
        "held by somebody who is paying, it is refused as opening a session is: 409 `all_uses_held`, until `retry_at`. "
        "A slug that the link had before finds it, too: `slug` is the one that it has.",
        "security": [{}, {"gate": []}],
        "parameters": [in_path("slug")],
        "responses": {
            "200": answer("LinkOut", {"link": examples.LINK, "cart": examples.CART_LINK, "plan": examples.PLAN_LINK})
        }
        | problems(401, 404, 409, 410, 429, 503),
    }


def _send_code() -> dict[str, Any]:
    return {
        "operationId": "send_code",
        "summary": "Have a code mailed, for a link with a gate",
        "description": "The answer is the same for every address; only the recipient of the link gets a mail.",
        "security": [],
        "parameters": [in_path("slug")],
        "requestBody": body("OtpBody", {"ask": examples.ASK_CODE}),
        "responses": {"202": answer("OtpOut", {"asked": examples.CODE_ASKED}, "Asked for.")}
        | problems(400, 404, 408, 409, 410, 413, 429, 503),
    }


def _exchange_code() -> dict[str, Any]:
    return {
        "operationId": "exchange_code",
        "summary": "Give the code from the mail for a token of 24 hours",
        "security": [],
        "parameters": [in_path("slug")],
        "requestBody": body("ProofBody", {"prove": examples.PROVE}),
        "responses": {"200": answer("LinkTokenOut", {"proven": examples.LINK_TOKEN}, "The address is proven.")}
        | problems(400, 401, 404, 408, 409, 410, 413, 429, 503),
    }


def _open_session() -> dict[str, Any]:
    key = IDEMPOTENCY_KEY | {
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
        "security": [{}, {"gate": []}],
        "parameters": [in_path("slug"), key, client],
        "requestBody": body(
            "OpenSessionBody",
            {"customer": examples.OPEN_SESSION, "coupon": examples.OPEN_WITH_COUPON},
            required=False,
        ),
        "responses": {"201": answer("OpenedOut", {"opened": examples.OPENED})}
        | problems(400, 401, 404, 408, 409, 410, 413, 422, 429, 503),
    }


def _read_session() -> dict[str, Any]:
    return {
        "operationId": "read_session",
        "summary": "The session, its charge, and what the buyer does next",
        "security": [{"session": []}],
        "parameters": [in_path("session_id", uuid=True)],
        "responses": {
            "200": answer(
                "SessionOut",
                {
                    "paying": examples.PAYING,
                    "paid": examples.PAID,
                    "under_review": examples.UNDER_REVIEW,
                    "partly_back": examples.PARTLY_BACK,
                    "charged_back": examples.CHARGED_BACK,
                },
            )
        }
        | problems(401, 404, 503),
    }


def _pay() -> dict[str, Any]:
    return {
        "operationId": "pay",
        "summary": "Start a charge, or join the one under way",
        "description": "A charge that fails at once is answered with 202 too: the session is `open` again and "
        "`charge.failure_reason` says why.",
        "security": [{"session": []}],
        "parameters": [in_path("session_id", uuid=True)],
        "requestBody": body(
            "PayBody",
            {
                "mobile_money": examples.PAY_MOBILE,
                "card": examples.PAY_CARD,
                "ussd": examples.PAY_USSD,
                "bank_transfer": examples.PAY_TRANSFER,
            },
        ),
        "responses": {
            "200": answer("SessionOut", {"paid": examples.PAID}, "It was paid before."),
            "202": answer("SessionOut", {"paying": examples.PAYING}, "Follow `next_action`."),
        }
        | problems(400, 401, 404, 408, 409, 410, 413, 429, 503),
    }


def _call_off() -> dict[str, Any]:
    return {
        "operationId": "call_off",
        "summary": "Take back a charge that nobody has approved yet",
        "description": "For a wrong number, or another way to pay. The provider calls the prompt off first: afterwards "
        "the session is `open` again and can be paid anew, or it is `paid`, when the payer was faster. With nothing "
        "under way it answers the session as it is.",
        "security": [{"session": []}],
        "parameters": [in_path("session_id", uuid=True)],
        "responses": {"200": answer("SessionOut", {"paid": examples.PAID})} | problems(401, 404, 409, 429, 503),
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
        "parameters": [in_path("session_id", uuid=True)],
        "responses": {"200": stream} | problems(401, 404, 429, 503),
    }


def _callback(method: str) -> dict[str, Any]:
    return {
        "operationId": f"{method}_callback",
        "summary": "For payment providers: what became of a payment, in the provider's own words",
        "security": [],
        "parameters": [in_path("provider"), in_path("account")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"200": answer("CallbackOut", {"received": {"received": True}})}
        | problems(401, 404, 408, 413, 429, 503),
    }
