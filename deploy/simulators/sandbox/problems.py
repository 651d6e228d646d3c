"""The one error shape of the API, and what answers it when a request goes wrong."""

import sqlite3
import sys
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from deploy.simulators.process.log import log

INTERNAL_ERROR = 500
SERVER_ERRORS = range(500, 600)
CODES = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}


class ApiError(Exception):
    def __init__(self, status: int, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.param = param


def refused(code: str, message: str, *, param: str | None = None) -> ApiError:
    return ApiError(400, code, message, param=param)


def error_body(code: str, message: str, *, param: str | None = None) -> bytes:
    return msgspec.json.encode({"error": {"code": code, "message": message, "param": param}})


def _answer(status: int, code: str, message: str, *, param: str | None = None) -> Response[bytes]:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004 - RFC 9110 section 11.6.1
    return Response(
        error_body(code, message, param=param), status_code=status, media_type="application/json", headers=headers
    )


def _on_api_error(_: Request[Any, Any, Any], error: ApiError) -> Response[bytes]:
    return _answer(error.status, error.code, error.message, param=error.param)


def _on_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    if status in SERVER_ERRORS:
        return _on_any_error(_, error)
    return _answer(status, CODES.get(status, "invalid_request"), error.detail or "The request is not understood.")


def _on_store_error(_: Request[Any, Any, Any], error: sqlite3.Error) -> Response[bytes]:
    log(f"store unavailable: {type(error).__name__}")
    return _answer(503, "unavailable", "The store does not answer. Nothing was changed. Try again.")


def _on_any_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    # The place is logged and never the values: an exception's text may quote a card number.
    frames = traceback.extract_tb(sys.exc_info()[2] or error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    log(f"unexpected {type(error).__name__} at {place}")
    return _answer(INTERNAL_ERROR, "internal_error", "Something went wrong on our side.")


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    ApiError: _on_api_error,
    HTTPException: _on_http_error,
    sqlite3.Error: _on_store_error,
    Exception: _on_any_error,
}
