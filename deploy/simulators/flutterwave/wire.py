"""Flutterwave v3's requests, as strict as it is, and its answers."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from deploy.simulators.ledger.http import Refused
from deploy.simulators.ledger.records import Payment, Refund

DECIMALS = {
    "EUR": 2, "GBP": 2, "GHS": 2, "KES": 2, "NGN": 2, "USD": 2, "ZAR": 2, "TZS": 2, "ZMW": 2,
    "RWF": 0, "UGX": 0, "XAF": 0, "XOF": 0,
}  # fmt: skip
FEE_PERCENT = Decimal("1.4")
_CENT = Decimal("0.01")
_NUMBER = re.compile(rb"[0-9]{1,15}(\.[0-9]{1,4})?")
FIRST_ID = 4_000_000
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[^\x00-\x1f]*\Z")]
TxRef = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[\x21-\x7e]+\Z")]
Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
Email = Annotated[str, Meta(max_length=254, pattern=r"\A[^@\s]+@[^@\s]+\.[^@\s]+\Z")]
Phone = Annotated[str, Meta(pattern=r"\A[0-9]{8,15}\Z")]
Url = Annotated[str, Meta(max_length=2048, pattern=r"\Ahttps?://[\x21-\x7e]+\Z")]
Bank = Annotated[str, Meta(pattern=r"\A[0-9]{3,6}\Z")]
Metadata = dict[Text, Text]
ChargeType = Literal["mobile_money_uganda", "mobile_money_rwanda", "mobile_money_franco", "ussd", "bank_transfer"]
CURRENCIES: dict[ChargeType, frozenset[str]] = {
    "mobile_money_uganda": frozenset({"UGX"}),
    "mobile_money_rwanda": frozenset({"RWF"}),
    "mobile_money_franco": frozenset({"XOF", "XAF"}),
    "ussd": frozenset({"NGN"}),
    "bank_transfer": frozenset({"NGN"}),
}


class Customer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    name: Text | None = None
    phonenumber: Phone | None = None


class Customizations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Text | None = None
    description: Text | None = None
    logo: Url | None = None


class HostedRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`amount` stays as it was written: it must be a JSON number."""

    tx_ref: TxRef
    amount: msgspec.Raw
    currency: Currency
    redirect_url: Url
    customer: Customer
    customizations: Customizations = Customizations()
    meta: Metadata = {}
    payment_options: Text = "card"
    session_duration: Annotated[int, Meta(ge=1, le=1440)] = 1440
    max_retry_attempt: Annotated[int, Meta(ge=1, le=100)] = 100


class ChargeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tx_ref: TxRef
    amount: msgspec.Raw
    currency: Currency
    email: Email
    fullname: Text | None = None
    phone_number: Phone | None = None
    network: Literal["MTN", "AIRTEL"] | None = None
    country: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")] | None = None
    account_bank: Bank | None = None
    redirect_url: Url | None = None
    meta: Metadata = {}


class RefundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: msgspec.Raw
    comments: Annotated[str, Meta(max_length=500)] = ""


class AccountRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account of the simulator's; `webhook_url` as the merchant has set it in the dashboard."""

    secret_key: Annotated[str, Meta(pattern=r"\AFLWSECK(_TEST)?-[A-Za-z0-9-]{8,100}\Z")]
    secret_hash: Annotated[str, Meta(min_length=16, max_length=200)]
    webhook_url: Url | None = None
    name: Text = "Test merchant"


def refused(message: str, status: int = 400) -> Refused:
    return Refused(status, {"status": "error", "message": message, "data": None})


def amount_of(raw: msgspec.Raw, currency: str) -> str:
    """The text of the number, exactly as it was sent. Raises: Refused: none that this currency can be paid in."""
    written = bytes(raw)
    if not _NUMBER.fullmatch(written):
        raise refused("amount should be a number")
    if currency not in DECIMALS:
        raise refused("currency is not supported")
    amount = Decimal(written.decode())
    if amount <= 0 or amount != round(amount, DECIMALS[currency]):
        raise refused("amount is not valid for this currency")
    return written.decode()


def transaction_id(payment: Payment) -> int:
    return FIRST_ID + payment.row


def transaction_view(payment: Payment) -> dict[str, Any]:
    said = payment.details
    paid = said.get("paid", payment.amount)
    fee = (Decimal(payment.amount) * FEE_PERCENT / 100).quantize(_CENT)
    view: dict[str, Any] = {
        "id": transaction_id(payment),
        "tx_ref": payment.reference,
        "flw_ref": f"FLW-MOCK-{payment.row:08}",
        "amount": number(payment.amount),
        "currency": payment.currency,
        "charged_amount": number(paid),
        "app_fee": number(str(fee)),
        "merchant_fee": 0,
        "processor_response": payment.reason or ("Approved" if payment.status == "succeeded" else "Pending"),
        "auth_model": "PIN" if payment.method == "card" else "AUTH",
        "narration": said.get("title", "Payment"),
        "status": {"succeeded": "successful", "failed": "failed"}.get(payment.status, "pending"),
        "payment_type": said.get("payment_type", payment.method),
        "customer": {
            "id": payment.row,
            "email": said.get("email"),
            "name": said.get("name"),
            "phone_number": payment.phone,
        },
        "meta": said.get("meta"),
    }
    if card := said.get("card"):
        view["card"] = card
    return view


def callback_view(payment: Payment) -> dict[str, Any]:
    transaction = transaction_view(payment)
    return {
        "event": "charge.completed",
        "data": transaction,
        "event.type": f"{transaction['payment_type']}_TRANSACTION".upper(),
    }


def tampered(body: bytes, what: str) -> bytes | None:
    """The event with another amount, currency or reference; None: it has nothing like that."""
    event: dict[str, Any] = _DECODER.decode(body)
    data: dict[str, Any] = event["data"]
    match what:
        case "amount":
            data["amount"] = int(data["amount"]) + 1
        case "currency":
            data["currency"] = "GBP"
        case "reference":
            data["tx_ref"] = f"unknown-{data['id']}"
        case _:
            return None
    return _ENCODER.encode(event)


def refund_view(refund: Refund) -> dict[str, Any]:
    status = {"succeeded": "completed", "failed": "failed", "pending": "pending-momo"}[refund.status]
    return {
        "id": refund.row,
        "tx_id": FIRST_ID + refund.payment,
        "flw_ref": f"FLW-REFUND-{refund.row:08}",
        "amount_refunded": number(refund.amount),
        "status": status,
        "destination": "payment_source",
        "comments": refund.note,
    }


def number(written: str) -> msgspec.Raw:
    """A JSON number of exactly these digits."""
    return msgspec.Raw(written.encode())
