"""Wave's shape of an error: `{"code", "message", "details"}`. https://docs.wave.com/errors."""

from typing import Any

import msgspec
from litestar import Request, Response

from deploy.simulators.process.mishaps import mishap_handlers

CODES = {404: "not-found", 413: "request-validation-error", 429: "rate-limit-exceeded", 503: "service-unavailable"}
SERVER_ERROR_FIRST = 500


class WaveError(Exception):
    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.field = field

    @property
    def body(self) -> bytes:
        answer: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field is not None:
            answer["details"] = [{"loc": [self.field], "msg": self.message}]
        return msgspec.json.encode(answer)


def refused(message: str, *, field: str | None = None) -> WaveError:
    return WaveError(400, "request-validation-error", message, field=field)


def missing() -> WaveError:
    return WaveError(404, "checkout-session-not-found", "The checkout session was not found.")


def on_wave_error(_: Request[Any, Any, Any], error: WaveError) -> Response[bytes]:
    return _answer(error)


def _answer(error: WaveError) -> Response[bytes]:
    return Response(error.body, status_code=error.status, media_type="application/json")


def _mishap(status: int, message: str) -> Response[bytes]:
    code = "internal-server-error" if status >= SERVER_ERROR_FIRST else "request-validation-error"
    return _answer(WaveError(status, CODES.get(status, code), message))


EXCEPTION_HANDLERS = {**mishap_handlers(_mishap), WaveError: on_wave_error}
