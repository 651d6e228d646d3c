"""Requests in, answers out: strict bodies, and errors in the provider's own words."""

import json
import sqlite3
import sys
import traceback
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

HttpRequest = Request[Any, Any, State]
Kind = TypeVar("Kind", bound=msgspec.Struct)
BODY_BYTES_MAX = 32 * 1024
FORM_FIELDS_MAX = 10
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Refused(Exception):  # noqa: N818 - says what happened
    """`body` is the provider's own error."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class NotUnderstood(Exception):  # noqa: N818 - says what happened
    """Not exactly one object of the expected kind."""


def answer(body: Any, status: int = 200) -> Response[bytes]:
    content = body if isinstance(body, bytes) else _encode(body)
    return Response(content, status_code=status, media_type="application/json")


def decode(body: bytes, kind: type[Kind]) -> Kind:
    """Raises: NotUnderstood: unknown or repeated fields, wrong types, out of bounds."""
    try:
        request = msgspec.json.decode(body, type=kind)
        # msgspec lets the last of two equal keys win; two readers of one body must not see two amounts.
        json.loads(body, object_pairs_hook=_refuse_repeated_keys)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotUnderstood(str(error)[:200]) from None
    return request


async def form_of(request: HttpRequest) -> dict[str, str]:
    """The last value of each field; empty where the body is not a form."""
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=FORM_FIELDS_MAX)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


def log(message: str) -> None:
    """One line on stderr. No line holds a card number, a key or a secret."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def on_refused(_: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    return answer(error.body, error.status)


def on_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    return answer({"status": "error", "message": error.detail or "not understood", "data": None}, error.status_code)


def on_any_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    # The place is logged and never the values: an exception's text may quote a card number.
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    log(f"unexpected {type(error).__name__} at {place}")
    status = 503 if isinstance(error, sqlite3.Error) else 500
    return answer({"status": "error", "message": "Something went wrong.", "data": None}, status)


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    Refused: on_refused,
    HTTPException: on_http_error,
    Exception: on_any_error,
}


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is named twice")
    return fields
