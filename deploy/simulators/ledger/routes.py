"""What the control API can do to payments and refunds of a ledger."""

from typing import Any

import msgspec
from litestar import Response, get, post

from deploy.simulators.control.access import ControlError, HttpRequest, body_of, json_answer, require_control
from deploy.simulators.control.routes import send_again
from deploy.simulators.ledger.http import ledger_of
from deploy.simulators.ledger.ledger import AlreadySucceeded, Ledger
from deploy.simulators.ledger.records import Fail, Payment, Told

PAGE_MAX = 10_000
ROW_DIGITS_MAX = 15


def _payment(request: HttpRequest, reference: str) -> Payment:
    require_control(request)
    payment = ledger_of(request).store.payment_by(reference)
    if payment is None:
        raise ControlError(404, "No such payment.")
    return payment


def _view(ledger: Ledger, payment: Payment) -> dict[str, Any]:
    view: dict[str, Any] = msgspec.to_builtins(payment)
    refunds: list[Any] = msgspec.to_builtins(ledger.store.refunds(payment.row))
    return view | {"refunds": refunds}


@get("/control/payments")
async def payments(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    ledger, text = ledger_of(request), request.query_params.get("after", "0")
    after = int(text) if text.isdecimal() and len(text) <= ROW_DIGITS_MAX else 0
    page = ledger.store.payments(request.query_params.get("reference"), after=after, limit=PAGE_MAX)
    more = page[-1].row if len(page) == PAGE_MAX else None
    return json_answer({"data": [_view(ledger, payment) for payment in page], "next_after": more})


@post("/control/payments/{reference:str}/succeed", status_code=200)
async def succeed(request: HttpRequest, reference: str) -> Response[bytes]:
    payment, ledger = _payment(request, reference), ledger_of(request)
    return json_answer(_view(ledger, ledger.settle(payment, "succeeded")))


@post("/control/payments/{reference:str}/fail", status_code=200)
async def fail(request: HttpRequest, reference: str) -> Response[bytes]:
    payment, ledger = _payment(request, reference), ledger_of(request)
    asked = await body_of(request, Fail)
    try:
        return json_answer(_view(ledger, ledger.settle(payment, "failed", asked.reason)))
    except AlreadySucceeded:
        raise ControlError(409, "It has succeeded, and cannot fail any more.") from None


@post("/control/payments/{reference:str}/callback", status_code=202)
async def tell(request: HttpRequest, reference: str) -> Response[bytes]:
    """Word of a payment, whatever was told before."""
    payment, asked = _payment(request, reference), await body_of(request, Told)
    callback = ledger_of(request).callback_about(
        msgspec.structs.replace(payment, status=asked.status or payment.status)
    )
    sent = [] if callback is None else send_again(request, callback, times=asked.times, tamper=asked.tamper)
    return json_answer({"data": sent}, 202)


@post("/control/refunds/{row:int}/{status:str}", status_code=200)
async def settle_refund(request: HttpRequest, row: int, status: str) -> Response[bytes]:
    require_control(request)
    store = ledger_of(request).store
    refund = store.refund(row)
    if refund is None or status not in {"succeed", "fail"}:
        raise ControlError(404, "No such refund.")
    refund = msgspec.structs.replace(refund, status="succeeded" if status == "succeed" else "failed")
    store.put_refund(refund)
    return json_answer(refund)


LEDGER_ROUTES = [payments, succeed, fail, tell, settle_refund]
