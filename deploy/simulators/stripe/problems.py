"""Stripe's one shape of an error. https://docs.stripe.com/api/errors."""

from typing import Any

import msgspec
from litestar import Request, Response

from deploy.simulators.process.mishaps import mishap_handlers

UNAUTHORIZED = 401
SERVER_ERROR_FIRST = 500


class StripeError(Exception):
    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        retry: bool | None = None,
    ) -> None:
        super().__init__(code or kind)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind
        self.retry = retry

    @property
    def body(self) -> bytes:
        fields = {"type": self.kind, "message": self.message, "code": self.code, "param": self.param}
        return msgspec.json.encode({"error": {name: value for name, value in fields.items() if value is not None}})


def refused(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    return StripeError(400, message, code=code, param=param)


def missing(kind: str, object_id: str) -> StripeError:
    return StripeError(404, f"No such {kind}: '{object_id[:80]}'", code="resource_missing", param="id")


def on_stripe_error(_: Request[Any, Any, Any], error: StripeError) -> Response[bytes]:
    return _answer(error)


def _answer(error: StripeError) -> Response[bytes]:
    headers: dict[str, str] = {}
    if error.retry is not None:
        headers["Stripe-Should-Retry"] = "true" if error.retry else "false"
    if error.status == UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    return Response(error.body, status_code=error.status, media_type="application/json", headers=headers)


def _mishap(status: int, message: str) -> Response[bytes]:
    kind = "api_error" if status >= SERVER_ERROR_FIRST else "invalid_request_error"
    return _answer(StripeError(status, message, kind=kind))


EXCEPTION_HANDLERS = {**mishap_handlers(_mishap), StripeError: on_stripe_error}
