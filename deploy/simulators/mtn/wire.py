"""MTN MoMo's requests, as strict as it is, and its answers."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from deploy.simulators.ledger.http import Refused
from deploy.simulators.ledger.records import Payment, Refund

NOTE_CHARS_MAX = 160
Amount = Annotated[str, Meta(pattern=r"\A[0-9]{1,15}(\.[0-9]{1,2})?\Z")]
Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
Note = Annotated[str, Meta(max_length=NOTE_CHARS_MAX)]
ExternalId = Annotated[str, Meta(min_length=1, max_length=64)]
Uuid4 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")]

ENVIRONMENTS = {"sandbox": "EUR", "mtnuganda": "UGX", "mtnrwanda": "RWF", "mtnivorycoast": "XOF", "mtnghana": "GHS"}
WHOLE = frozenset({"UGX", "RWF", "XOF"})
"""Currencies without decimals."""


class Payer(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    party_id_type: Literal["MSISDN", "EMAIL", "PARTY_CODE"]
    party_id: Annotated[str, Meta(pattern=r"\A[1-9][0-9]{6,14}\Z")]


class PayRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    amount: Amount
    currency: Currency
    external_id: ExternalId
    payer: Payer
    payer_message: Note = ""
    payee_note: Note = ""


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    amount: Amount
    currency: Currency
    external_id: ExternalId
    reference_id_to_refund: Uuid4
    payer_message: Note = ""
    payee_note: Note = ""


class UserRequest(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    provider_callback_host: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"\A[A-Za-z0-9.-]+\Z")]


def refused(status: int, code: str, message: str) -> Refused:
    return Refused(status, {"code": code, "message": message})


_STATUS = {"pending": "PENDING", "succeeded": "SUCCESSFUL", "failed": "FAILED"}
_OBJECTS = frozenset({"INTERNAL_PROCESSING_ERROR", "PAYER_NOT_FOUND"})


def payment_view(payment: Payment) -> dict[str, Any]:
    """As status and callback show it. `reason` comes as a text or as an object, as MTN is said to do."""
    said = payment.details
    view: dict[str, Any] = {
        "amount": payment.amount,
        "currency": payment.currency,
        "externalId": said["external_id"],
        "payer": {"partyIdType": "MSISDN", "partyId": payment.phone},
        "payerMessage": said["payer_message"],
        "payeeNote": said["payee_note"],
        "status": _STATUS[payment.status],
    }
    if payment.status == "succeeded":
        view["financialTransactionId"] = str(10**9 + payment.row)
    if payment.status == "failed":
        code = payment.reason or "INTERNAL_PROCESSING_ERROR"
        view["reason"] = {"code": code, "message": code.lower()} if code in _OBJECTS else code
    return view


def refund_view(refund: Refund) -> dict[str, Any]:
    view: dict[str, Any] = {
        "amount": refund.amount,
        "currency": refund.currency,
        "externalId": refund.note,
        "status": _STATUS[refund.status],
    }
    if refund.status == "succeeded":
        view["financialTransactionId"] = str(2 * 10**9 + refund.row)
    if refund.status == "failed":
        view["reason"] = refund.reason or "NOT_ALLOWED"
    return view
