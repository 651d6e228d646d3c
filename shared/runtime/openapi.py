"""The OpenAPI 3.1 document of an API for merchants, from its table of operations and its wire's Structs.

Bodies are decoded by hand (exactly, and with every bound), so the document is put together by hand, too; tests hold it
to the routes and to what they answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from shared.runtime import problems
from shared.runtime.operation import Operation
from shared.runtime.problems import ProblemKind

REF: Final = "#/components/schemas/{name}"
JSON: Final = "application/json"
IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and request give the same answer, for three days; "
    "another request with the key is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag that you know. When it has changed since, nothing happens: 412.",
    "schema": {"type": "string"},
    "example": '"3"',
}
_REPLAYED: Final = {"description": "There when this is the answer that was given before.", "schema": {"const": "true"}}
_SECURITY_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "plk_<test|live>_<id>_<secret>",
        "description": "An API key, or a member's sign-in. A page of the dashboard may send the sign-in's cookie to "
        "checkout and notify instead, and with what changes something its token as `X-CSRF-Token`.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `code` is stable; the values of the refusal stand beside it, such as `field` and `rule`."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    next_step: str | None = None
    request_id: str | None = None
    field: str | None = None
    rule: str | None = None


def document(
    operations: Sequence[Operation],
    kinds: Mapping[str, ProblemKind],
    *,
    title: str,
    description: str,
    structs: Iterable[type] = (),
) -> dict[str, Any]:
    """`kinds` are the refusals of the service's own; `structs` become schemas, too."""
    types = [kind for operation in operations for kind in (operation.body, operation.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, *structs, Problem], ref_template=REF)
    described = _Described(
        {repr(kind): schema for kind, schema in zip(types, schemas, strict=False)}, {**problems.KINDS, **kinds}
    )
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = described.operation(operation)
    return {
        **head(title, description),
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"header": []}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": dict(_SECURITY_SCHEMES)},
    }


def head(title: str, description: str) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1.0.0",
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
    }


def serve(described: dict[str, Any], path: str = "/openapi.json") -> HTTPRouteHandler:
    """A document for everyone."""
    body = msgspec.json.encode(described)

    @get(path, include_in_schema=False, sync_to_thread=False)
    def openapi() -> ASGIResponse:
        return ASGIResponse(body=body, media_type=JSON)

    return openapi


class _Described:
    def __init__(self, schema_of: Mapping[str, Any], kinds: Mapping[str, ProblemKind]) -> None:
        """`schema_of` goes by the repr of a type: a page of something cannot be a key itself."""
        self._schema_of = schema_of
        self._kinds = kinds

    def operation(self, operation: Operation) -> dict[str, Any]:
        needs = f"Needs the scope `{operation.scope}`." if operation.scope else "Needs no key."
        described: dict[str, Any] = {
            "operationId": operation.id,
            "summary": operation.summary,
            "description": f"{needs} {operation.about}".rstrip(),
            "tags": [operation.tag],
            "parameters": _parameters(operation),
            "responses": {**self._answers(operation), **self._problems(operation)},
        }
        if operation.scope is None:
            described["security"] = []
        if operation.body is not None:
            also = {
                media: {"schema": {"type": "string"}, "example": example}
                for media, example in operation.body_also.items()
            }
            content = {JSON: self._content(operation.body, operation.body_example), **also}
            described["requestBody"] = {"required": operation.body_required, "content": content}
        return described

    def _content(self, kind: Any, example: Any) -> dict[str, Any]:
        schema = {"schema": self._schema_of[repr(kind)]}
        return schema if example is None else {**schema, "example": example}

    def _answers(self, operation: Operation) -> dict[str, Any]:
        done: dict[str, Any] = {"description": "Done.", "headers": _headers(operation)}
        if operation.media:
            done["content"] = {media: {"schema": {"type": "string"}} for media in operation.media}
        elif operation.answer is not None:
            done["content"] = {JSON: self._content(operation.answer, operation.answer_example)}
        answers = {str(operation.status): done}
        if operation.also_status is not None:
            answers[str(operation.also_status)] = {
                "description": "What would be: nothing was kept.",
                "content": done["content"],
            }
        return answers

    def _problems(self, operation: Operation) -> dict[str, Any]:
        by_status: dict[int, list[str]] = {}
        for code in sorted(operation.refusals()):
            by_status.setdefault(self._kinds[code].status, []).append(code)
        return {
            str(status): {
                "description": "; ".join(f"`{code}`: {self._kinds[code].title}" for code in codes),
                "content": {
                    problems.MEDIA_TYPE: {
                        "schema": {"$ref": REF.format(name="Problem")},
                        "example": problems.document(codes[0], {}, request_id=None),
                    }
                },
            }
            for status, codes in sorted(by_status.items())
        }


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": operation.path_schema} for name in operation.path_names
    ]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query]
    if operation.takes_key:
        parameters.append(IDEMPOTENCY_KEY)
    if operation.if_match:
        parameters.append(_IF_MATCH)
    return parameters


def _headers(operation: Operation) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": {"schema": {"type": "string"}}}
    if operation.has_revision:
        headers["ETag"] = {"description": "The revision.", "schema": {"type": "string"}, "example": '"1"'}
    if operation.takes_key:
        headers["Idempotent-Replayed"] = _REPLAYED
    return headers
