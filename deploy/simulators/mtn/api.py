"""MTN MoMo's API: provisioning of the sandbox, tokens, requests to pay, refunds."""

import secrets
from decimal import Decimal

import msgspec
from litestar import Response, get, post

from deploy.simulators.control.access import HttpRequest, json_answer
from deploy.simulators.ledger.http import Kind, NotUnderstood, Refused, body_as, ledger_of, lose_answer
from deploy.simulators.ledger.ledger import Duplicate
from deploy.simulators.ledger.records import Payment, Refund
from deploy.simulators.mtn.access import (
    TOKEN_SECONDS,
    Product,
    User,
    callback_url,
    new_token,
    put_user,
    reference_id,
    require_subscription,
    require_user,
    user_of,
)
from deploy.simulators.mtn.magic import steps_of
from deploy.simulators.mtn.wire import (
    WHOLE,
    PayRequest,
    RefundRequest,
    UserRequest,
    payment_view,
    refund_view,
    refused,
)

UNAVAILABLE = refused(503, "SERVICE_UNAVAILABLE", "Service unavailable.")


@post("/v1_0/apiuser", status_code=201)
async def open_user(request: HttpRequest) -> Response[bytes]:
    require_subscription(request, "collection")
    user_id, asked = reference_id(request), await _read(request, UserRequest)
    store = ledger_of(request).store
    if user_of(store, user_id):
        raise refused(409, "RESOURCE_ALREADY_EXIST", "Duplicated reference id. Creation of resource failed.")
    put_user(store, User(user_id, secrets.token_hex(16), asked.provider_callback_host))
    return _empty(201)


@post("/v1_0/apiuser/{user_id:str}/apikey", status_code=201)
async def new_api_key(request: HttpRequest, user_id: str) -> Response[bytes]:
    require_subscription(request, "collection")
    store = ledger_of(request).store
    user = user_of(store, user_id)
    if user is None:
        raise _not_found()
    user = msgspec.structs.replace(user, api_key=secrets.token_hex(16))
    put_user(store, user)
    return json_answer({"apiKey": user.api_key}, 201)


@post(["/collection/token", "/disbursement/token"], status_code=200)
async def token(request: HttpRequest) -> Response[bytes]:
    path = request.scope["raw_path"]
    if not path.endswith(b"/"):
        # The slash is part of MTN's address, though Litestar would take either.
        raise _not_found()
    product: Product = "collection" if path.startswith(b"/collection/") else "disbursement"
    access = new_token(request, product)
    return json_answer({"access_token": access, "token_type": "access_token", "expires_in": TOKEN_SECONDS})


@post("/collection/v1_0/requesttopay", status_code=202)
async def request_to_pay(request: HttpRequest) -> Response[bytes]:
    user, currency = require_user(request, "collection")
    reference, url = reference_id(request), callback_url(request, user)
    asked, ledger = await _read(request, PayRequest), ledger_of(request)
    _check_amount(asked.amount, asked.currency, currency)
    if asked.payer.party_id_type != "MSISDN":
        raise refused(400, "INVALID_PARTY", "Only MSISDN is taken here.")
    if ledger.spend("fail_creates"):
        raise refused(500, "INTERNAL_PROCESSING_ERROR", "An internal error occurred while processing.")
    now, phone = ledger.now_ms(), asked.payer.party_id
    payment = Payment(
        account=user.id,
        reference=reference,
        amount=asked.amount,
        currency=asked.currency,
        method="mobile_money",
        phone=phone,
        callback_url=url,
        details={
            "external_id": asked.external_id,
            "payer_message": asked.payer_message,
            "payee_note": asked.payee_note,
        },
        created_ms=now,
        updated_ms=now,
    )
    try:
        ledger.begin(payment, *steps_of(phone, now_ms=now, approve_after_ms=ledger.approve_after_ms))
    except Duplicate:
        raise _exists() from None
    await lose_answer(request, UNAVAILABLE)
    return _empty(202)


@get("/collection/v1_0/requesttopay/{reference:str}")
async def show_payment(request: HttpRequest, reference: str) -> Response[bytes]:
    user, _ = require_user(request, "collection")
    payment = ledger_of(request).store.payment_by(reference, user.id)
    if payment is None:
        raise _not_found()
    return json_answer(payment_view(payment))


@post("/disbursement/v1_0/refund", status_code=202)
async def refund(request: HttpRequest) -> Response[bytes]:
    user, currency = require_user(request, "disbursement")
    reference, asked, ledger = reference_id(request), await _read(request, RefundRequest), ledger_of(request)
    _check_amount(asked.amount, asked.currency, currency)
    payment = ledger.store.payment_by(asked.reference_id_to_refund, user.id)
    allowed = payment is not None and Decimal(asked.amount) <= ledger.refundable(payment)
    begun = Refund(
        account=user.id,
        reference=reference,
        payment=payment.row if payment else 0,
        amount=asked.amount,
        currency=asked.currency,
        status="pending" if allowed else "failed",
        reason=None if allowed else "NOT_ALLOWED",
        note=asked.external_id,
        created_ms=ledger.now_ms(),
    )
    try:
        ledger.give_back(begun)
    except Duplicate:
        raise _exists() from None
    await lose_answer(request, UNAVAILABLE)
    return _empty(202)


@get("/disbursement/v1_0/refund/{reference:str}")
async def show_refund(request: HttpRequest, reference: str) -> Response[bytes]:
    user, _ = require_user(request, "disbursement")
    ledger = ledger_of(request)
    found = ledger.store.refund_by(user.id, reference)
    if found is None:
        raise _not_found()
    if found.status == "pending" and ledger.now_ms() - found.created_ms >= ledger.approve_after_ms:
        found = msgspec.structs.replace(found, status="succeeded")
        ledger.store.put_refund(found)
    return json_answer(refund_view(found))


async def _read(request: HttpRequest, kind: type[Kind]) -> Kind:
    try:
        return await body_as(request, kind)
    except NotUnderstood as error:
        raise refused(400, "BAD_REQUEST", str(error)) from None


def _check_amount(amount: str, currency: str, expected: str) -> None:
    """Raises: Refused: 500, another currency than the environment's; 400, no such amount."""
    if currency != expected:
        raise refused(500, "INVALID_CURRENCY", "Currency not supported.")
    if Decimal(amount) <= 0 or (currency in WHOLE and "." in amount):
        raise refused(400, "BAD_REQUEST", "The amount is not valid.")


def _exists() -> Refused:
    return refused(409, "RESOURCE_ALREADY_EXIST", "Duplicated reference id. Creation of resource failed.")


def _not_found() -> Refused:
    return refused(404, "RESOURCE_NOT_FOUND", "Requested resource was not found.")


def _empty(status: int) -> Response[bytes]:
    return Response(b"", status_code=status)


API_ROUTES = [open_user, new_api_key, token, request_to_pay, show_payment, refund, show_refund]
