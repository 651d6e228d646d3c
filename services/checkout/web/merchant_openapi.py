"""The merchant's part of checkout's OpenAPI document: provider accounts, callbacks, reconciliations."""

from typing import Any, Final

from services.checkout.web.api_openapi_parts import REF, answer, body, in_path, problems
from services.checkout.web.merchant_reconciliations import ReconciliationOut
from services.checkout.web.merchant_wire import (
    AccountPatchBody,
    CallbackDetail,
    CallbackListed,
    ConnectBody,
    ProviderAccountOut,
    ProvidersOut,
    ReplayOut,
    RotateBody,
    RouteOut,
)

SCHEMAS: Final = (
    ProvidersOut,
    ConnectBody,
    AccountPatchBody,
    RotateBody,
    ProviderAccountOut,
    RouteOut,
    CallbackListed,
    CallbackDetail,
    ReplayOut,
    ReconciliationOut,
)
SECURITY_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, or the token of a sign-in."}
}
CONNECT_EXAMPLE: Final[dict[str, Any]] = {
    "provider": "wave",
    "credentials": {"api_key": "wave_sn_prod_xxxxxxxx", "webhook_secret": "wave_sn_WHS_xxxxxxxx"},
    "label": "Main",
    "currencies": ["XOF"],
    "priority": 10,
}
ROTATE_EXAMPLE: Final[dict[str, Any]] = {"credentials": CONNECT_EXAMPLE["credentials"], "overlap_hours": 24}
PATCH_EXAMPLE: Final[dict[str, Any]] = {"priority": 5, "currencies": None}
_ALWAYS: Final = (400, 401, 403, 404, 429, 503)
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same key and body again: the same answer, with `Idempotent-Replayed: true`. Another body: 422.",
}


def paths() -> dict[str, Any]:
    account, callback = in_path("account_id", uuid=True), in_path("callback_id", uuid=True)
    return {
        "/v1/providers": {"get": _operation("list_providers", "What can be connected", "ProvidersOut")},
        "/v1/provider-accounts": {
            "get": _operation(
                "list_provider_accounts", "Accounts, newest first", page_of="ProviderAccountOut", query=("provider",)
            ),
            "post": _operation(
                "connect_provider_account",
                "Connect an account",
                "ProviderAccountOut",
                status="201",
                parameters=[_KEY],
                sent=body("ConnectBody", {"connect": CONNECT_EXAMPLE}),
                also=(413, 422),
            ),
        },
        "/v1/provider-accounts/route": {
            "get": _operation(
                "explain_route",
                "Who would take a payment, and why nobody else",
                "RouteOut",
                query=("link", "method", "currency", "phone"),
            )
        },
        "/v1/provider-accounts/{account_id}": {
            "get": _operation("get_provider_account", "An account", "ProviderAccountOut", parameters=[account]),
            "patch": _operation(
                "change_provider_account",
                "Change what it takes, its priority, or whether it is used",
                "ProviderAccountOut",
                parameters=[account],
                sent=body("AccountPatchBody", {"change": PATCH_EXAMPLE}),
                also=(413,),
            ),
            "delete": _operation(
                "delete_provider_account",
                "Delete an account that nothing was paid through",
                status="204",
                parameters=[account],
                also=(409,),
            ),
        },
        "/v1/provider-accounts/{account_id}/rotate": {
            "post": _operation(
                "rotate_provider_account",
                "Change its credentials; the old ones sign callbacks for a while",
                "ProviderAccountOut",
                parameters=[account],
                sent=body("RotateBody", {"rotate": ROTATE_EXAMPLE}),
                also=(413,),
            )
        },
        "/v1/callbacks": {
            "get": _operation(
                "list_callbacks",
                "What providers sent, newest first",
                page_of="CallbackListed",
                query=("provider", "account", "verdict", "charge", "from", "to"),
            )
        },
        "/v1/callbacks/{callback_id}": {
            "get": _operation("get_callback", "A callback, as it came", "CallbackDetail", parameters=[callback])
        },
        "/v1/callbacks/{callback_id}/replay": {
            "post": _operation("replay_callback", "Verify, read and judge it again", "ReplayOut", parameters=[callback])
        },
        "/v1/reconciliations": {
            "get": _operation(
                "list_reconciliations",
                "Ours against theirs, by account and day",
                page_of="ReconciliationOut",
                query=("day", "account"),
            )
        },
    }


def _operation(
    name: str,
    summary: str,
    schema: str | None = None,
    *,
    page_of: str | None = None,
    status: str = "200",
    parameters: list[dict[str, Any]] | None = None,
    query: tuple[str, ...] = (),
    sent: dict[str, Any] | None = None,
    also: tuple[int, ...] = (),
) -> dict[str, Any]:
    paging = ("limit", "cursor") if page_of else ()
    answered = {"description": "Done."} if schema is None else answer(schema, {})
    if page_of is not None:
        answered = {"description": "A page.", "content": {"application/json": {"schema": _page(page_of)}}}
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "security": [{"key": []}],
        "parameters": [*(parameters or ()), *(_in_query(one) for one in (*query, *paging))],
        "responses": {status: answered} | problems(*sorted({*_ALWAYS, *also})),
    }
    return operation | ({"requestBody": sent} if sent else {})


def _in_query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string", "maxLength": 200}}


def _page(schema: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": {"$ref": REF.format(name=schema)}},
            "has_more": {"type": "boolean"},
            "next_cursor": {"type": ["string", "null"]},
        },
        "required": ["data", "has_more", "next_cursor"],
    }
