"""The API that a merchant's platform calls."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response, get, post

from deploy.simulators.process.lost_answers import lose
from deploy.simulators.sandbox.create_payment import create_payment
from deploy.simulators.sandbox.problems import ApiError, refused
from deploy.simulators.sandbox.records import Account, Payment
from deploy.simulators.sandbox.routes.access import (
    HttpRequest,
    provider_of,
    require_account,
    require_platform,
    require_publishable,
)
from deploy.simulators.sandbox.routes.created import created_of
from deploy.simulators.sandbox.wire import (
    AccountRequest,
    PaymentRequest,
    PaymentView,
    RefundView,
    TokenRequest,
    decode,
    payment_view,
)

_encode = msgspec.json.Encoder().encode


class AccountView(msgspec.Struct, frozen=True):
    id: str
    api_key: str
    publishable_key: str
    webhook_secret: str


class TokenView(msgspec.Struct, frozen=True):
    token: str
    brand: str
    last4: str


def json_answer(body: Any, status: int = 200, *, headers: dict[str, str] | None = None) -> Response[bytes]:
    content = body if isinstance(body, bytes) else _encode(body)
    return Response(content, status_code=status, media_type="application/json", headers=headers)


def page_answer(views: Sequence[PaymentView | RefundView], *, limit: int) -> Response[bytes]:
    return json_answer({"data": views, "next_after": views[-1].id if len(views) == limit else None})


def payment_not_found() -> ApiError:
    return ApiError(404, "payment_not_found", "No such payment.")


@get("/health")
async def health() -> Response[bytes]:
    return json_answer(b'{"status":"ok"}')


@post("/v1/accounts")
async def open_account(request: HttpRequest) -> Response[bytes]:
    require_platform(request)
    asked = decode(await request.body(), AccountRequest)
    account, is_new = provider_of(request).open_account(asked)
    view = AccountView(account.id, account.api_key, account.publishable_key, account.webhook_secret)
    return json_answer(view, 201 if is_new else 200)


@post("/v1/tokens")
async def tokenize(request: HttpRequest) -> Response[bytes]:
    account = require_publishable(request)
    asked = decode(await request.body(), TokenRequest)
    token, card = provider_of(request).tokenize(account, asked)
    return json_answer(TokenView(token, card.brand, card.card.last4), 201)


@post("/v1/payments")
async def begin_payment(request: HttpRequest) -> Response[bytes]:
    account = require_account(request)
    asked = decode(await request.body(), PaymentRequest)
    created = create_payment(provider_of(request), account, asked, key=request.headers.get("idempotency-key"))
    if created.hang_ms:
        await lose(request, created.hang_ms)
    headers = {"Idempotent-Replayed": "true"} if created.replayed else None
    return json_answer(created.answer, 201, headers=headers)


@get("/v1/payments/{payment_id:str}")
async def show_payment(request: HttpRequest, payment_id: str) -> Response[bytes]:
    account = require_account(request)
    return _own(account, provider_of(request).store.payment(payment_id))


@post("/v1/payments/{payment_id:str}/expire")
async def expire_payment(request: HttpRequest, payment_id: str) -> Response[bytes]:
    """Calls off a payment that nobody has approved: it has failed as `expired`. One that has failed stays as it is."""
    account = require_account(request)
    provider = provider_of(request)
    payment = provider.store.payment(payment_id)
    if payment is None or payment.account != account.id:
        raise payment_not_found()
    expired = payment if payment.status == "failed" else provider.decide(payment, "failed", failure_code="expired")
    return json_answer(payment_view(expired))


@get("/v1/payments")
async def find_payment(request: HttpRequest) -> Response[bytes]:
    """The payment of a reference; without one, a page of those that were created from when to when."""
    account, store = require_account(request), provider_of(request).store
    if reference := request.query_params.get("reference"):
        return _own(account, store.payment_by_reference(account.id, reference))
    if "created_from" not in request.query_params:
        raise refused("invalid_request", "Name the payment's reference.", param="reference")
    asked = created_of(request)
    page = store.payments_created(account.id, asked.from_ms, asked.before_ms, after=asked.after, limit=asked.limit)
    return page_answer([payment_view(one) for one in page], limit=asked.limit)


def _own(account: Account, payment: Payment | None) -> Response[bytes]:
    if payment is None or payment.account != account.id:
        raise payment_not_found()
    return json_answer(payment_view(payment))


API_ROUTES = [health, open_account, tokenize, begin_payment, expire_payment, show_payment, find_payment]
