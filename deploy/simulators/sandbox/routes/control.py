"""The control API: for tests, never for a platform. It sees and forces what a real provider decides alone."""

from typing import Any

import msgspec
from litestar import Response, get, post, put

from deploy.simulators.control.routes import callback_view
from deploy.simulators.process.log import log
from deploy.simulators.sandbox.problems import refused
from deploy.simulators.sandbox.records import Payment
from deploy.simulators.sandbox.routes.access import HttpRequest, provider_of, require_control
from deploy.simulators.sandbox.routes.api import json_answer, payment_not_found
from deploy.simulators.sandbox.wire import CallbackRequest, FailRequest, FaultsRequest, decode, payment_view

PAGE_DEFAULT = 1_000
PAGE_MAX = 10_000


def _ledger_entry(payment: Payment, captured: int) -> dict[str, Any]:
    entry: dict[str, Any] = msgspec.to_builtins(payment_view(payment))
    return entry | {
        "captured": captured,
        "captured_amount": captured * payment.amount,
        "description": payment.description,
        "metadata": payment.metadata,
    }


def _limit(request: HttpRequest) -> int:
    return _number(request, "limit", default=PAGE_DEFAULT, maximum=PAGE_MAX)


def _number(request: HttpRequest, name: str, *, default: int, maximum: int) -> int:
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if not raw.isascii() or not raw.isdigit() or len(raw) > 18 or not 0 <= int(raw) <= maximum:  # noqa: PLR2004 - fits SQLite
        raise refused("invalid_request", f"Expected a whole number from 0 to {maximum}.", param=name)
    return int(raw)


def _payment(request: HttpRequest, payment_id: str) -> Payment:
    require_control(request)
    if (payment := provider_of(request).store.payment(payment_id)) is None:
        raise payment_not_found()
    return payment


@get("/control/payments")
async def ledger(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    asked, limit = request.query_params, _limit(request)
    store = provider_of(request).store
    page = store.ledger(asked.get("account"), asked.get("reference"), after=asked.get("after"), limit=limit)
    entries = [_ledger_entry(payment, captured) for payment, captured in page]
    return json_answer({"data": entries, "next_after": entries[-1]["id"] if entries and len(page) == limit else None})


@post("/control/payments/{payment_id:str}/succeed")
async def succeed(request: HttpRequest, payment_id: str) -> Response[bytes]:
    payment = _payment(request, payment_id)
    settled = provider_of(request).decide(payment, "succeeded", failure_code=None)
    return _entry(request, settled)


@post("/control/payments/{payment_id:str}/fail")
async def fail(request: HttpRequest, payment_id: str) -> Response[bytes]:
    payment = _payment(request, payment_id)
    asked = decode(await request.body() or b"{}", FailRequest)
    settled = provider_of(request).decide(payment, "failed", failure_code=asked.failure_code)
    return _entry(request, settled)


@post("/control/payments/{payment_id:str}/callback")
async def send_callback(request: HttpRequest, payment_id: str) -> Response[bytes]:
    payment = _payment(request, payment_id)
    asked = decode(await request.body() or b"{}", CallbackRequest)
    provider = provider_of(request)
    sent = provider.tell(payment, asked)
    return json_answer({"data": [callback_view(provider.store, callback) for callback in sent]}, 202)


@get("/control/callbacks")
async def callbacks(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    limit, after = _limit(request), _number(request, "after", default=0, maximum=10**18 - 1)
    store = provider_of(request).store
    page = store.callbacks(request.query_params.get("payment"), after=after, limit=limit)
    views = [callback_view(store, callback) for callback in page]
    return json_answer({"data": views, "next_after": page[-1].row if page and len(page) == limit else None})


@get("/control/faults")
async def show_faults(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    return json_answer(provider_of(request).faults)


@put("/control/faults")
async def set_faults(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    asked = decode(await request.body(), FaultsRequest)
    provider = provider_of(request)
    provider.set_faults(asked.faults(provider.settings.approve_after_ms))
    log(f"faults: {msgspec.json.encode(provider.faults).decode()}")
    return json_answer(provider.faults)


def _entry(request: HttpRequest, payment: Payment) -> Response[bytes]:
    return json_answer(_ledger_entry(payment, provider_of(request).store.capture_count(payment.id)))


CONTROL_ROUTES = [ledger, succeed, fail, send_callback, callbacks, show_faults, set_faults]
