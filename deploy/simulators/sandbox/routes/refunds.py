"""Refunds for a platform, and what the control API forces of them and of disputes."""

from typing import cast

from litestar import Response, get, post

from deploy.simulators.process.lost_answers import lose
from deploy.simulators.sandbox.problems import ApiError, refused
from deploy.simulators.sandbox.records import Refund
from deploy.simulators.sandbox.refunds import Refunds
from deploy.simulators.sandbox.routes.access import HttpRequest, provider_of, require_account, require_control
from deploy.simulators.sandbox.routes.api import json_answer, page_answer, payment_not_found
from deploy.simulators.sandbox.routes.created import created_of
from deploy.simulators.sandbox.wire import DisputeRequest, RefundCallbackRequest, RefundRequest, decode, refund_view

REFUNDS_MAX = 1_000


def refunds_of(request: HttpRequest) -> Refunds:
    return cast("Refunds", request.app.state.refunds)


@post("/v1/refunds")
async def make_refund(request: HttpRequest) -> Response[bytes]:
    account = require_account(request)
    asked = decode(await request.body(), RefundRequest)
    made = refunds_of(request).make(account, asked, key=request.headers.get("idempotency-key"))
    if made.hang_ms:
        await lose(request, made.hang_ms)
    return json_answer(refund_view(made.refund), 201 if made.is_new else 200)


@get("/v1/refunds")
async def find_refund(request: HttpRequest) -> Response[bytes]:
    """The refund of a reference; without one, a page of those that were created from when to when."""
    account, store = require_account(request), provider_of(request).store
    reference = request.query_params.get("reference")
    if not reference and "created_from" in request.query_params:
        asked = created_of(request)
        page = store.refunds_created(account.id, asked.from_ms, asked.before_ms, after=asked.after, limit=asked.limit)
        return page_answer([refund_view(one) for one in page], limit=asked.limit)
    if not reference:
        raise refused("invalid_request", "Name the refund's reference.", param="reference")
    refund = store.refund_by_reference(account.id, reference)
    if refund is None:
        raise _refund_not_found()
    return json_answer(refund_view(refund))


@get("/v1/refunds/{refund_id:str}")
async def show_refund(request: HttpRequest, refund_id: str) -> Response[bytes]:
    account = require_account(request)
    refund = provider_of(request).store.refund(refund_id)
    if refund is None or refund.account != account.id:
        raise _refund_not_found()
    return json_answer(refund_view(refund))


@get("/control/refunds")
async def every_refund(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    found = provider_of(request).store.refunds_of(request.query_params.get("payment"), limit=REFUNDS_MAX)
    return json_answer({"data": [refund_view(refund) for refund in found]})


@post("/control/refunds/{refund_id:str}/succeed")
async def succeed(request: HttpRequest, refund_id: str) -> Response[bytes]:
    return json_answer(refund_view(refunds_of(request).decide(_forced(request, refund_id), "succeeded")))


@post("/control/refunds/{refund_id:str}/fail")
async def fail(request: HttpRequest, refund_id: str) -> Response[bytes]:
    return json_answer(refund_view(refunds_of(request).decide(_forced(request, refund_id), "failed")))


@post("/control/refunds/{refund_id:str}/callback")
async def send_callback(request: HttpRequest, refund_id: str) -> Response[bytes]:
    refund = _forced(request, refund_id)
    asked = decode(await request.body() or b"{}", RefundCallbackRequest)
    sent = refunds_of(request).tell(refund, asked)
    return json_answer({"data": [callback.event_id for callback in sent]}, 202)


@post("/control/payments/{payment_id:str}/dispute")
async def dispute(request: HttpRequest, payment_id: str) -> Response[bytes]:
    require_control(request)
    if (payment := provider_of(request).store.payment(payment_id)) is None:
        raise payment_not_found()
    asked = decode(await request.body() or b"{}", DisputeRequest)
    sent = refunds_of(request).dispute(payment, asked)
    return json_answer({"data": [callback.event_id for callback in sent]}, 202)


def _forced(request: HttpRequest, refund_id: str) -> Refund:
    require_control(request)
    if (refund := provider_of(request).store.refund(refund_id)) is None:
        raise _refund_not_found()
    return refund


def _refund_not_found() -> ApiError:
    return ApiError(404, "refund_not_found", "No such refund.")


REFUND_ROUTES = [
    make_refund,
    find_refund,
    show_refund,
    every_refund,
    succeed,
    fail,
    send_callback,
    dispute,
]
