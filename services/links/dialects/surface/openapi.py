"""The OpenAPI 3.1 document of a dialect, from its wire's Structs and one table of operations.

Bodies are decoded by hand, exactly and with every bound, so the document is put together by hand, too; tests hold it to
the routes and to what they answer.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, cast

import msgspec

from shared.runtime.openapi import JSON, REF, head
from shared.runtime.operation import UUID_TEXT

Method = Literal["get", "post", "put", "patch", "delete"]
Parameter = tuple[str, dict[str, Any]]
ANYWHERE: Final = {
    413: "The body is too large.",
    429: "Too many requests: wait as long as Retry-After says.",
    503: "Something that we depend on does not answer: send it again in a moment.",
}
"""What every operation of every dialect may answer."""


class Answer(msgspec.Struct, frozen=True):
    """`type` None is an answer without a body."""

    description: str
    type: Any = None
    example: Any = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`path` begins at the dialect's root. `open` needs no credentials. `path_schemas` defaults to UUIDs."""

    method: Method
    path: str
    id: str
    summary: str
    answers: Mapping[int, Answer]
    body: Any = None
    body_example: Any = None
    body_required: bool = True
    query: Sequence[Parameter] = ()
    path_schemas: Mapping[str, dict[str, Any]] = {}
    open: bool = False


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """`refused` is the Struct of every refusal; `refusals` the statuses that any operation may answer."""

    root: str
    title: str
    description: str
    operations: Sequence[Operation]
    security: Mapping[str, dict[str, Any]]
    refused: Any
    refusals: Mapping[int, str]

    def render(self) -> dict[str, Any]:
        types = self._types()
        schemas, components = msgspec.json.schema_components(types, ref_template=REF)
        schema_of = {repr(kind): schema for kind, schema in zip(types, schemas, strict=True)}
        paths: dict[str, Any] = {}
        for operation in self.operations:
            paths.setdefault(operation.path, {})[operation.method] = self._operation(operation, schema_of)
        rendered: dict[str, Any] = {
            **head(self.title, self.description),
            "servers": [{"url": self.root}],
            "security": [{name: []} for name in self.security],
            "paths": paths,
            "components": {
                "schemas": dict(sorted(components.items())),
                "securitySchemes": dict(self.security),
            },
        }
        return cast("dict[str, Any]", _with_numbers(rendered))

    def _types(self) -> list[Any]:
        named = [operation.body for operation in self.operations]
        named += [answer.type for operation in self.operations for answer in operation.answers.values()]
        by_name = {repr(kind): kind for kind in [*named, self.refused] if kind is not None}
        return list(by_name.values())

    def _operation(self, operation: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = {
            "operationId": operation.id,
            "summary": operation.summary,
            "parameters": _parameters(operation),
            "responses": {
                str(status): _answer(answer, schema_of) for status, answer in sorted(operation.answers.items())
            }
            | {
                str(status): _answer(Answer(text, self.refused), schema_of)
                for status, text in sorted(self.refusals.items())
                if status not in operation.answers
            },
        }
        if operation.open:
            described["security"] = []
        if operation.body is not None:
            described["requestBody"] = {
                "required": operation.body_required,
                "content": {JSON: _content(schema_of[repr(operation.body)], operation.body_example)},
            }
        return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    names: list[str] = re.findall(r"{(\w+)}", operation.path)
    inside = [
        {"name": name, "in": "path", "required": True, "schema": operation.path_schemas.get(name, UUID_TEXT)}
        for name in names
    ]
    return inside + [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query]


def _answer(answer: Answer, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    if answer.type is None:
        return {"description": answer.description}
    return {
        "description": answer.description,
        "content": {JSON: _content(schema_of[repr(answer.type)], answer.example)},
    }


def _content(schema: Any, example: Any) -> dict[str, Any]:
    return {"schema": schema} | ({} if example is None else {"example": example})


def _with_numbers(part: Any) -> Any:
    """Decimals travel as JSON numbers here; the schema of the type says a text."""
    if isinstance(part, dict):
        named = cast("dict[str, Any]", part)
        if named.get("format") == "decimal":
            return {name: value for name, value in named.items() if name != "format"} | {"type": "number"}
        return {name: _with_numbers(value) for name, value in named.items()}
    if isinstance(part, list):
        return [_with_numbers(item) for item in cast("list[Any]", part)]
    return part
