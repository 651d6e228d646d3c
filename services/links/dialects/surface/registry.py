"""The dialects by their place under the origin, and who tells a fault to whom.

A fault can rise before any handler of a dialect runs (no such route, wrong method, a path that is no id), so the
application asks here, by the path alone, whose words are to be used.
"""

import http
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from services.links.dialects.surface.openapi import Document
from shared.kernel.faults import Fault, Invalid
from shared.runtime import problems
from shared.runtime.logs import logger
from shared.runtime.openapi import serve
from shared.runtime.problems import Telling

JSON: Final = "application/json"
_log: Final = logger("dialects")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal before it is put into a dialect's words: `status` and `title` are the native ones."""

    status: int
    code: str
    title: str
    values: Mapping[str, Any]
    next_step: str | None = None
    request_id: str | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence, with the field where one is to blame."""
        field, rule = self.values.get("field"), self.values.get("rule")
        if rule:
            return f"{field} {rule}" if field else f"The {rule}" if str(rule).startswith("body") else str(rule)
        return self.title

    def in_words(self, words: Mapping[str, str], missing: Mapping[str, str]) -> str:
        """A dialect's own words for this code, or for what is not there; else the sentence."""
        if self.code == "not_found":
            return missing.get(str(self.values.get("entity")), self.title)
        return words.get(self.code) or self.sentence


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """`root` is where it stands at the origin, such as `/core`. `tell` puts a refusal into its own shape.

    `fields` says how it calls the domain's fields, so that a refusal names what the caller has sent. `challenge` is
    the WWW-Authenticate of a 401 at a path (RFC 9110 section 11.6.1).
    """

    name: str
    handlers: Sequence[HTTPRouteHandler]
    tell: Callable[[Told], Telling]
    document: Document
    fields: Mapping[str, str]
    challenge: Callable[[str], str]

    def field(self, name: str) -> str:
        """`metadata.color` is found under `metadata`."""
        known = self.fields.get(name)
        if known is not None:
            return known
        head, dot, rest = name.partition(".")
        return self.fields.get(head, head) + dot + rest

    @property
    def root(self) -> str:
        return self.document.root


class Registry:
    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._dialects = tuple(dialects)

    @cached_property
    def handlers(self) -> list[HTTPRouteHandler]:
        return [
            handler
            for dialect in self._dialects
            for handler in (
                *dialect.handlers,
                serve(dialect.document.render(), f"{dialect.document.root}/openapi.json"),
            )
        ]

    def __iter__(self) -> Iterator[Dialect]:
        return iter(self._dialects)

    @property
    def exception_handlers(self) -> dict[type[Exception] | int, Any]:
        return {Fault: self._on_fault, HTTPException: self._on_http_exception, Exception: self._on_unexpected}

    def at(self, path: str) -> Dialect | None:
        for dialect in self._dialects:
            if path == dialect.root or path.startswith(dialect.root + "/"):
                return dialect
        return None

    def tell(self, path: str, code: str, values: Mapping[str, Any], request_id: str | None) -> Telling | None:
        """The refusal in the words of the dialect at `path`; None where the native words are used."""
        dialect = self.at(path)
        if dialect is None:
            return None
        kind = problems.KINDS.get(code) or problems.KINDS["internal"]
        if field := values.get("field"):
            values = {**values, "field": dialect.field(str(field))}
        return dialect.tell(
            Told(
                status=kind.status,
                code=code if code in problems.KINDS else "internal",
                title=kind.title,
                next_step=kind.next_step,
                values=values,
                request_id=request_id,
            )
        )

    def _answer(
        self, request: Request[Any, Any, Any], code: str, values: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Response[bytes] | None:
        request_id = request.scope.get("state", {}).get("request_id")
        path = request.scope["path"]
        dialect, told = self.at(path), self.tell(path, code, values, request_id)
        if dialect is None or told is None:
            return None
        sent = dict(headers)
        if told.status == http.HTTPStatus.UNAUTHORIZED:
            sent["WWW-Authenticate"] = dialect.challenge(path)
        return Response(told.body, status_code=told.status, media_type=told.media_type, headers=sent)

    def _on_fault(self, request: Request[Any, Any, Any], fault: Fault) -> Response[bytes]:
        told = self._answer(request, fault.code, fault.values, problems.headers_for(fault))
        return told or problems.on_fault(request, fault)

    def _on_http_exception(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
        is_ours = error.status_code >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        code = problems.BY_STATUS.get(error.status_code, "internal" if is_ours else Invalid.code)
        told = self._answer(request, code, {}, error.headers or {})
        return told or problems.on_http_exception(request, error)

    def _on_unexpected(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        if self.at(request.scope["path"]) is None:
            return problems.on_unexpected(request, error)
        _log.error("request.failed", path=request.url.path, exc_info=error)
        return self._answer(request, "internal", {}, {}) or problems.on_unexpected(request, error)
