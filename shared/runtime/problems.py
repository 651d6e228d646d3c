"""Answers to requests that cannot be granted: RFC 9457 problem documents with stable codes."""

import http
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from shared.kernel.faults import Conflict, Fault, IdempotencyMismatch, Invalid, NotFound, Unavailable
from shared.runtime.bodies import RequestTimeout
from shared.runtime.limits import RateLimited
from shared.runtime.logs import logger

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 2

_log = logger("problems")


class Telling(NamedTuple):
    """A refusal as it goes out."""

    status: int
    body: bytes
    media_type: str = MEDIA_TYPE


Tell = Callable[[str, str, Mapping[str, Any], str | None], Telling | None]
"""(path, code, values, request id): a refusal in the words of an API of its own; None where ours are used."""


class ProblemKind(msgspec.Struct, frozen=True):
    """How a fault is told over HTTP: status, a title that never changes, and what the caller can do next."""

    status: int
    title: str
    next_step: str | None = None


KINDS: Final[dict[str, ProblemKind]] = {
    Invalid.code: ProblemKind(
        400, "The request has a value that cannot be accepted", "Correct the named field and send it again."
    ),
    NotFound.code: ProblemKind(
        404, "There is no such thing", "Check the id, and that the key belongs to its organization and mode."
    ),
    Conflict.code: ProblemKind(409, "It is no longer as you believe", "Read it again, then repeat the change."),
    IdempotencyMismatch.code: ProblemKind(
        422, "The Idempotency-Key was used for another request", "Use a new key for a new request."
    ),
    RateLimited.code: ProblemKind(429, "Too many requests", "Wait as long as Retry-After says."),
    Unavailable.code: ProblemKind(
        503, "Something we depend on does not answer", "Send the same request again in a moment."
    ),
    "unknown_currency": ProblemKind(400, "There is no such currency", "Use an ISO 4217 code such as UGX."),
    "unauthorized": ProblemKind(
        401, "Credentials are missing or wrong", "Send an API key as 'Authorization: Bearer …'."
    ),
    "forbidden": ProblemKind(
        403, "The credentials do not allow this", "Use a key that has the scope named in the problem."
    ),
    "other_site": ProblemKind(
        403,
        "This came from another site",
        "Send it from a page of the dashboard; to /v1 with the page's token as 'X-CSRF-Token'.",
    ),
    "method_not_allowed": ProblemKind(
        405, "This address does not answer that method", "Use one of the methods that the header Allow names."
    ),
    RequestTimeout.code: ProblemKind(
        408, "The request took too long to arrive", "Send it again, all of it at once. Nothing was done."
    ),
    "payload_too_large": ProblemKind(
        413, "The request is too large", "Send at most 64 KiB, and 1 MiB to /v1/payment-links/batches."
    ),
    "internal": ProblemKind(
        500, "Something went wrong on our side", "Nothing was half done. Try again, and tell us the request id."
    ),
}

BY_STATUS: Final = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
}


def register(kinds: Mapping[str, ProblemKind]) -> None:
    """A service adds the kinds of its own faults, once, at import.

    Raises:
        ValueError: a code is told in two ways, and which one a process speaks would hang on what it imported last.
    """
    twice = [code for code, kind in kinds.items() if KINDS.get(code, kind) != kind]
    if twice:
        raise ValueError(f"told in two ways: {twice}")
    KINDS.update(kinds)


def document(
    code: str, values: Mapping[str, object], *, request_id: str | None, detail: str | None = None
) -> dict[str, Any]:
    kind = KINDS.get(code) or KINDS["internal"]
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
    }
    if detail:
        body["detail"] = detail
    if kind.next_step:
        body["next_step"] = kind.next_step
    if request_id:
        body["request_id"] = request_id
    return body | dict(values)


def telling(code: str, values: Mapping[str, Any], request_id: str | None) -> Telling:
    """The refusal in our own words."""
    body = document(code, values, request_id=request_id)
    return Telling(body["status"], msgspec.json.encode(body))


def respond(
    request: Request[Any, Any, Any],
    code: str,
    *,
    values: Mapping[str, object] = MappingProxyType({}),
    detail: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response[bytes]:
    if code not in KINDS:
        _log.error("problem.unknown_code", code=code)
        code = "internal"
    body = document(code, values, request_id=request.scope.get("state", {}).get("request_id"), detail=detail)
    return Response(
        msgspec.json.encode(body), status_code=KINDS[code].status, media_type=MEDIA_TYPE, headers=dict(headers)
    )


def headers_for(fault: Fault) -> dict[str, str]:
    if isinstance(fault, RateLimited):
        return {"Retry-After": str(fault.retry_after_seconds)}
    if isinstance(fault, Unavailable):
        return {"Retry-After": str(RETRY_SECONDS)}
    if isinstance(fault, RequestTimeout):
        return {"Connection": "close"}  # RFC 9110 section 15.5.9: what is left of the request is not waited for
    kind = KINDS.get(fault.code)
    if kind is not None and kind.status == http.HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}  # every 401 has one: RFC 9110 section 11.6.1
    return {}


def on_fault(request: Request[Any, Any, Any], fault: Fault) -> Response[bytes]:
    return respond(request, fault.code, values=fault.values, headers=headers_for(fault))


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Litestar's own refusals (no such route, wrong method, a path that is not a UUID) in our shape."""
    is_ours = error.status_code >= http.HTTPStatus.INTERNAL_SERVER_ERROR
    code = BY_STATUS.get(error.status_code, "internal" if is_ours else Invalid.code)
    detail = None if code in {"not_found", "internal"} else error.detail
    return respond(request, code, detail=detail, headers=error.headers or {})


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("request.failed", path=request.url.path, exc_info=error)
    return respond(request, "internal")


HANDLERS: Final[dict[type[Exception] | int, Any]] = {
    Fault: on_fault,
    HTTPException: on_http_exception,
    Exception: on_unexpected,
}
