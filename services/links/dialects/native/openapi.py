"""The OpenAPI 3.1 document of the native API, from the wire's Structs and the one table of operations.

Bodies are decoded by hand (exactly, and with every bound), so the document is put together by hand, too; a test holds
it to the routes.
"""

from typing import Any, Final

import msgspec

from services.links.dialects.native import faults
from services.links.dialects.native.operation import Operation
from services.links.dialects.native.operations import OPERATIONS
from services.links.dialects.native.wire.common import Problem
from shared.runtime import problems

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_KINDS: Final = problems.KINDS | faults.KINDS
_ALWAYS: Final = ("unauthorized", "forbidden", "rate_limited", "unavailable")


def document() -> dict[str, Any]:
    types = [kind for operation in OPERATIONS for kind in (operation.body, operation.answer) if kind is not None]
    _, components = msgspec.json.schema_components([*types, Problem], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paylinks: payment links",
            "version": "1.0.0",
            "description": "Payment links, products, organizations and API keys. Money is in whole minor units. "
            "Lists are newest first. Refusals are RFC 9457 problems whose `code` never changes.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"header": []}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": _paths(types),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "plk_<test|live>_<id>_<secret>"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _paths(types: list[Any]) -> dict[str, Any]:
    schemas, _ = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = {repr(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schema_of)
    return paths


def _operation(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`." if operation.scope else "Needs no key.",
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": {**_answers(operation, schema_of), **_problems(operation)},
    }
    if operation.scope is None:
        described["security"] = []
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {
                _JSON: {"schema": schema_of[repr(operation.body)], "example": operation.body_example},
                **{
                    media: {"schema": {"type": "string"}, "example": example}
                    for media, example in operation.body_also.items()
                },
            },
        }
    return described


def _answers(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    if operation.media:
        content: dict[str, Any] = {media: {"schema": {"type": "string"}} for media in operation.media}
    else:
        content = {_JSON: {"schema": schema_of[repr(operation.answer)], "example": operation.answer_example}}
    done = {str(operation.status): {"description": "Done.", "headers": _headers(operation), "content": content}}
    if operation.also_status is not None:
        done[str(operation.also_status)] = {"description": "What would be: nothing was kept.", "content": content}
    return done


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", **format_}}
        for name, format_ in operation.path_parameters()
    ]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query]
    if operation.takes_key:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key and request give the same answer, for three days; "
                "another request with the key is refused.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    if operation.if_match:
        parameters.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "The ETag that you know. When it has changed since, nothing happens: 412.",
                "schema": {"type": "string"},
                "example": '"3"',
            }
        )
    return parameters


def _headers(operation: Operation) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": {"schema": {"type": "string"}}}
    if operation.has_revision:
        headers["ETag"] = {"description": "The revision.", "schema": {"type": "string"}, "example": '"1"'}
    if operation.takes_key:
        headers["Idempotent-Replayed"] = {
            "description": "There when this is the answer that was given before.",
            "schema": {"const": "true"},
        }
    return headers


def _problems(operation: Operation) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    always = _ALWAYS if operation.scope else ("rate_limited", "unavailable")
    for code in sorted({*always, *operation.refusals()}):
        by_status.setdefault(_KINDS[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {_KINDS[code].title}" for code in codes),
            "content": {
                problems.MEDIA_TYPE: {
                    "schema": {"$ref": _REF.format(name="Problem")},
                    "example": problems.document(codes[0], {}, request_id=None),
                }
            },
        }
        for status, codes in sorted(by_status.items())
    }
