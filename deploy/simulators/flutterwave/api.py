"""Flutterwave v3's API: the hosted page, direct charges, transactions and refunds."""

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from litestar import Response, get, post

from deploy.simulators.control.access import HttpRequest, json_answer
from deploy.simulators.flutterwave.accounts import require_account
from deploy.simulators.flutterwave.wire import (
    CURRENCIES,
    FIRST_ID,
    ChargeRequest,
    ChargeType,
    HostedRequest,
    RefundRequest,
    amount_of,
    refund_view,
    refused,
    transaction_id,
    transaction_view,
)
from deploy.simulators.ledger.http import Kind, NotUnderstood, body_as, ledger_of, lose_answer
from deploy.simulators.ledger.ledger import Duplicate
from deploy.simulators.ledger.records import Payment, Refund, Step

UNAVAILABLE = refused("Service unavailable", 503)
TRANSFER_MS = 60 * 60 * 1_000
ID_DIGITS_MAX = 15
_PAYMENT_TYPES = {
    "mobile_money_uganda": "mobilemoneyug",
    "mobile_money_rwanda": "mobilemoneyrw",
    "mobile_money_franco": "mobilemoneysn",
    "ussd": "ussd",
    "bank_transfer": "bank_transfer",
}


@post("/v3/payments", status_code=200)
async def open_page(request: HttpRequest) -> Response[bytes]:
    """A link to the hosted page; there is no transaction before a buyer tries to pay there."""
    account, asked = require_account(request), await _read(request, HostedRequest)
    if "card" not in asked.payment_options:
        raise refused("payment_options is not valid")
    payment = await _begin(
        request,
        account,
        asked,
        method="card",
        status="open",
        phone=asked.customer.phonenumber,
        details={
            "email": asked.customer.email,
            "name": asked.customer.name,
            "title": asked.customizations.title or "Payment",
            "tries_max": asked.max_retry_attempt,
            "closes_ms": ledger_of(request).now_ms() + asked.session_duration * 60_000,
            "payment_type": "card",
        },
    )
    return json_answer(
        {"status": "success", "message": "Hosted Link", "data": {"link": _page(request, "pay", payment)}}
    )


@post("/v3/charges", status_code=200)
async def charge(request: HttpRequest) -> Response[bytes]:
    account, asked = require_account(request), await _read(request, ChargeRequest)
    kind = request.query_params.get("type", "")
    if kind not in CURRENCIES:
        raise refused("type is not supported")
    _check(kind, asked)
    redirected = kind in {"mobile_money_uganda", "mobile_money_rwanda"}
    pushed = kind == "mobile_money_franco"
    payment = await _begin(
        request,
        account,
        asked,
        method=kind,
        status="open" if redirected else "pending",
        phone=asked.phone_number,
        details={
            "email": asked.email,
            "name": asked.fullname,
            "account": str(7 * 10**9 + secrets.randbelow(10**9)),
            "code": f"*566*{asked.account_bank or '000'}*{secrets.randbelow(10**6):06}#",
            "payment_type": _PAYMENT_TYPES[kind],
        },
        approved_by_itself=pushed,
    )
    return json_answer(_charged(request, kind, payment))


@get("/v3/transactions/verify_by_reference")
async def verify_by_reference(request: HttpRequest) -> Response[bytes]:
    account = require_account(request)
    reference = request.query_params.get("tx_ref", "")
    return _verified(ledger_of(request).store.payment_by(reference, account))


@get("/v3/transactions/{number:str}/verify")
async def verify(request: HttpRequest, number: str) -> Response[bytes]:
    return _verified(_payment(request, require_account(request), number))


@post("/v3/transactions/{number:str}/refund", status_code=200)
async def refund(request: HttpRequest, number: str) -> Response[bytes]:
    account, asked, ledger = require_account(request), await _read(request, RefundRequest), ledger_of(request)
    payment = _payment(request, account, number)
    if payment is None:
        raise refused("No transaction was found for this id")
    amount = amount_of(asked.amount, payment.currency)
    if Decimal(amount) > ledger.refundable(payment):
        raise refused("Refund amount is more than what is left of the transaction")
    made = ledger.give_back(
        Refund(
            account=account,
            reference=secrets.token_hex(8),
            payment=payment.row,
            amount=amount,
            currency=payment.currency,
            status="succeeded",
            note=asked.comments,
            created_ms=ledger.now_ms(),
        )
    )
    await lose_answer(request, UNAVAILABLE)
    return json_answer({"status": "success", "message": "Transaction refund initiated", "data": refund_view(made)})


@get("/v3/refunds/{number:int}")
async def show_refund(request: HttpRequest, number: int) -> Response[bytes]:
    account = require_account(request)
    found = ledger_of(request).store.refund(number)
    if found is None or found.account != account:
        raise refused("Refund not found", 404)
    return json_answer({"status": "success", "message": "Transaction refund fetched", "data": refund_view(found)})


@get("/v3/refunds")
async def list_refunds(request: HttpRequest) -> Response[bytes]:
    payment = _payment(request, require_account(request), request.query_params.get("tx_id", ""))
    listed = ledger_of(request).store.refunds(payment.row) if payment else []
    views = [refund_view(one) for one in listed]
    return json_answer({"status": "success", "message": "Transaction refunds fetched", "data": views})


async def _begin(
    request: HttpRequest,
    account: str,
    asked: HostedRequest | ChargeRequest,
    *,
    method: str,
    status: Any,
    phone: str | None,
    details: dict[str, Any],
    approved_by_itself: bool = False,
) -> Payment:
    """Raises: Refused: a bad amount, or a `tx_ref` that was used before: it is the only key there is."""
    ledger = ledger_of(request)
    amount = amount_of(asked.amount, asked.currency)
    if ledger.spend("fail_creates"):
        raise refused("An error occurred", 500)
    now = ledger.now_ms()
    payment = Payment(
        account=account,
        reference=asked.tx_ref,
        amount=amount,
        currency=asked.currency,
        method=method,
        status=status,
        phone=phone,
        return_url=asked.redirect_url,
        details=details | {"meta": asked.meta, "token": secrets.token_urlsafe(18)},
        created_ms=now,
        updated_ms=now,
    )
    steps = [Step(0, now + ledger.approve_after_ms, "succeeded")] if approved_by_itself else []
    try:
        payment = ledger.begin(payment, *steps)
    except Duplicate:
        raise refused("Duplicate transaction reference. Please generate a new reference.") from None
    await lose_answer(request, UNAVAILABLE)
    return payment


def _check(kind: ChargeType, asked: ChargeRequest) -> None:
    """Raises: Refused: what this kind of charge needs is missing, or is not for it."""
    if asked.currency not in CURRENCIES[kind]:
        raise refused(f"currency is not supported for {kind}")
    if kind.startswith("mobile_money") and asked.phone_number is None:
        raise refused("phone_number is required")
    needed = {"mobile_money_uganda": "network", "mobile_money_franco": "country", "ussd": "account_bank"}.get(kind)
    for field in ("network", "country", "account_bank"):
        given = getattr(asked, field) is not None
        if given != (field == needed):
            raise refused(f"{field} is {'not allowed' if given else 'required'}")


def _charged(request: HttpRequest, kind: ChargeType, payment: Payment) -> dict[str, Any]:
    said = {"status": "success", "message": "Charge initiated"}
    match kind:
        case "mobile_money_uganda" | "mobile_money_rwanda":
            link = _page(request, "confirm", payment)
            return said | {"meta": {"authorization": {"mode": "redirect", "redirect": link}}}
        case "mobile_money_franco":
            return said | {"data": transaction_view(payment), "meta": {"authorization": {"mode": "callback"}}}
        case "ussd":
            code = payment.details["code"]
            data = transaction_view(payment) | {"payment_code": code.rstrip("#").rsplit("*", 1)[1]}
            return said | {"data": data, "meta": {"authorization": {"mode": "ussd", "note": code}}}
        case "bank_transfer":
            ends = datetime.fromtimestamp((payment.created_ms + TRANSFER_MS) / 1_000, UTC)
            authorization = {
                "mode": "banktransfer",
                "transfer_reference": f"MockFLWRef-{payment.row}",
                "transfer_account": payment.details["account"],
                "transfer_bank": "Mock Bank",
                "transfer_amount": msgspec.Raw(payment.amount.encode()),
                "transfer_note": f"Mock note of {payment.reference}",
                "account_expiration": ends.isoformat(timespec="seconds"),
            }
            return said | {"meta": {"authorization": authorization}}


def _payment(request: HttpRequest, account: str, number: str) -> Payment | None:
    row = int(number) - FIRST_ID if number.isascii() and number.isdigit() and len(number) <= ID_DIGITS_MAX else 0
    payment = ledger_of(request).store.payment(row)
    return payment if payment and payment.account == account and transaction_id(payment) == int(number) else None


def _verified(payment: Payment | None) -> Response[bytes]:
    if payment is None or payment.status == "open":
        raise refused("No transaction was found for this id")
    return json_answer({"status": "success", "message": "Transaction fetched", "data": transaction_view(payment)})


def _page(request: HttpRequest, kind: str, payment: Payment) -> str:
    return f"{request.app.state.common.url}/{kind}/{payment.details['token']}.{payment.row}"


async def _read(request: HttpRequest, kind: type[Kind]) -> Kind:
    try:
        return await body_as(request, kind)
    except NotUnderstood as error:
        raise refused(str(error)) from None


API_ROUTES = [open_page, charge, verify_by_reference, verify, refund, show_refund, list_refunds]
