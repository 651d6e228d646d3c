"""The control API: for tests, never for a merchant. It sees and forces what a real provider decides alone."""

import hmac
from typing import Any, cast

import msgspec
from litestar import Response, get, post, put

from deploy.simulators.kit.http import HttpRequest, Kind, NotUnderstood, Refused, answer, decode
from deploy.simulators.kit.ledger import AlreadySucceeded, Ledger
from deploy.simulators.kit.records import Callback, Fail, Faults, Payment, Told

PAGE_MAX = 10_000


def ledger_of(request: HttpRequest) -> Ledger:
    return cast("Ledger", request.app.state.ledger)


def require_control(request: HttpRequest) -> None:
    """Raises: Refused: 401."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(key.encode(), request.app.state.control_key.encode()):
        raise Refused(401, {"message": "The control key is missing or wrong."})


def _payment(request: HttpRequest, reference: str) -> Payment:
    require_control(request)
    payment = ledger_of(request).store.payment_by(reference)
    if payment is None:
        raise Refused(404, {"message": "No such payment."})
    return payment


async def _body(request: HttpRequest, kind: type[Kind]) -> Kind:
    try:
        return decode(await request.body() or b"{}", kind)
    except NotUnderstood as error:
        raise Refused(400, {"message": str(error)}) from None


def _view(ledger: Ledger, payment: Payment) -> dict[str, Any]:
    view: dict[str, Any] = msgspec.to_builtins(payment)
    refunds: list[Any] = msgspec.to_builtins(ledger.store.refunds(payment.row))
    return view | {"refunds": refunds}


def _callback_view(callback: Callback) -> dict[str, Any]:
    message = callback.message
    return {
        "id": callback.row,
        "method": message.method,
        "url": message.url,
        "body": msgspec.Raw(message.body),
        "state": callback.state,
        "answers": callback.answers,
    }


@get("/health")
async def health() -> Response[bytes]:
    return answer(b'{"status":"ok"}')


@get("/control/payments")
async def payments(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    ledger, after = ledger_of(request), request.query_params.get("after", "0")
    page = ledger.store.payments(
        request.query_params.get("reference"), after=int(after) if after.isdecimal() else 0, limit=PAGE_MAX
    )
    more = page[-1].row if len(page) == PAGE_MAX else None
    return answer({"data": [_view(ledger, payment) for payment in page], "next_after": more})


@post("/control/payments/{reference:str}/succeed", status_code=200)
async def succeed(request: HttpRequest, reference: str) -> Response[bytes]:
    payment, ledger = _payment(request, reference), ledger_of(request)
    return answer(_view(ledger, ledger.settle(payment, "succeeded")))


@post("/control/payments/{reference:str}/fail", status_code=200)
async def fail(request: HttpRequest, reference: str) -> Response[bytes]:
    payment, ledger = _payment(request, reference), ledger_of(request)
    asked = await _body(request, Fail)
    try:
        return answer(_view(ledger, ledger.settle(payment, "failed", asked.reason)))
    except AlreadySucceeded:
        raise Refused(409, {"message": "It has succeeded, and cannot fail any more."}) from None


@post("/control/payments/{reference:str}/callback", status_code=202)
async def send_callback(request: HttpRequest, reference: str) -> Response[bytes]:
    payment = _payment(request, reference)
    told = ledger_of(request).tell(payment, await _body(request, Told))
    return answer({"data": [_callback_view(callback) for callback in told]}, 202)


@post("/control/refunds/{row:int}/{status:str}", status_code=200)
async def settle_refund(request: HttpRequest, row: int, status: str) -> Response[bytes]:
    require_control(request)
    store = ledger_of(request).store
    refund = store.refund(row)
    if refund is None or status not in {"succeed", "fail"}:
        raise Refused(404, {"message": "No such refund."})
    refund = msgspec.structs.replace(refund, status="succeeded" if status == "succeed" else "failed")
    store.put_refund(refund)
    return answer(refund)


@get("/control/callbacks")
async def callbacks(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    reference = request.query_params.get("reference")
    payment = _payment(request, reference).row if reference else None
    found = ledger_of(request).store.callbacks(payment, after=0, limit=PAGE_MAX)
    return answer({"data": [_callback_view(callback) for callback in found]})


@get("/control/faults")
async def show_faults(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    return answer(ledger_of(request).faults)


@put("/control/faults")
async def set_faults(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    ledger = ledger_of(request)
    ledger.set_faults(await _body(request, Faults))
    return answer(ledger.faults)


CONTROL_ROUTES = [health, payments, succeed, fail, send_callback, settle_refund, callbacks, show_faults, set_faults]
