"""What answers when a request goes wrong in a way that the provider's own rules do not name."""

import sqlite3
import sys
import traceback
from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from deploy.simulators.process.log import log

Answer = Callable[[int, str], Response[Any]]
INTERNAL_ERROR = 500
UNAVAILABLE = 503
SERVER_ERRORS = range(500, 600)


def mishap_handlers(answer: Answer) -> dict[type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]]:
    """`answer(status, message)` is the provider's own shape of an error."""

    def on_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        if error.status_code in SERVER_ERRORS:
            return on_any(_, error)
        return answer(error.status_code, error.detail or "The request is not understood.")

    def on_store(_: Request[Any, Any, Any], error: sqlite3.Error) -> Response[Any]:
        log(f"store unavailable: {type(error).__name__}")
        return answer(UNAVAILABLE, "The store does not answer. Nothing was changed.")

    def on_any(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        # The place is logged and never the values: an exception's text may quote a card number.
        frames = traceback.extract_tb(sys.exc_info()[2] or error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
        log(f"unexpected {type(error).__name__} at {place}")
        return answer(INTERNAL_ERROR, "Something went wrong on our side.")

    return {HTTPException: on_http, sqlite3.Error: on_store, Exception: on_any}
