"""Requests in, answers out: strict bodies, and errors in the provider's own words."""

from typing import Any, TypeVar, cast

import msgspec
from litestar import Request, Response

from deploy.simulators.control.access import ControlError, HttpRequest, json_answer, on_control_error
from deploy.simulators.ledger.ledger import Ledger
from deploy.simulators.process.lost_answers import lose
from deploy.simulators.process.mishaps import mishap_handlers
from deploy.simulators.process.strict_json import strict_json

Kind = TypeVar("Kind", bound=msgspec.Struct)


class Refused(Exception):  # noqa: N818 - says what happened
    """`body` is the provider's own error."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class NotUnderstood(Exception):  # noqa: N818 - says what happened
    """Not exactly one object of the expected kind."""


def ledger_of(request: HttpRequest) -> Ledger:
    return cast("Ledger", request.app.state.ledger)


async def body_as(request: HttpRequest, kind: type[Kind]) -> Kind:
    """Raises: NotUnderstood: unknown or repeated fields, wrong types, out of bounds."""
    try:
        return strict_json(await request.body(), kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotUnderstood(str(error)[:200]) from None


async def lose_answer(request: HttpRequest, unavailable: Refused) -> None:
    """What was done stays done, and the caller does not hear of it, where the faults say so.

    Raises:
        Refused: `unavailable`.
    """
    ledger = ledger_of(request)
    if ledger.spend("lose_creates"):
        raise unavailable
    if ledger.spend("hang_creates"):
        await lose(request, ledger.faults.hang_ms)


def _on_refused(_: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    return json_answer(error.body, error.status)


def _mishap(status: int, message: str) -> Response[bytes]:
    return json_answer({"status": "error", "message": message, "data": None}, status)


EXCEPTION_HANDLERS: dict[type[Exception], Any] = {
    **mishap_handlers(_mishap),
    Refused: _on_refused,
    ControlError: on_control_error,
}
