"""The sandbox provider's JSON, and what it means in our words."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from services.checkout.domain.charge import Dial, NextAction, PaymentState, Prompt, Redirect, Transfer
from services.checkout.domain.refund import RefundState
from services.checkout.providers.port import DisputeSignal, Order, RefundOrder, RefundSignal, Signal
from shared.contracts.checkout import FailureReason
from shared.kernel.money import MINOR_MAX, Money

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")]
Event = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]


class AccountRequest(Struct, frozen=True):
    reference: UUID
    name: str


class AccountAnswer(Struct, frozen=True):
    id: str
    api_key: str
    publishable_key: str
    webhook_secret: str


class PaymentRequest(Struct, frozen=True, omit_defaults=True, kw_only=True):
    reference: str
    amount: int
    currency: str
    method: str
    phone: str | None = None
    card_token: str | None = None
    bank: str | None = None
    description: str | None = None
    callback_url: str
    return_url: str


class WireCard(Struct, frozen=True):
    brand: Text
    last4: Annotated[str, Meta(pattern=r"^[0-9]{4}$")]


class WirePrompt(Struct, frozen=True, tag_field="type", tag="prompt"):
    phone: Text
    expires_at: datetime


class WireRedirect(Struct, frozen=True, tag_field="type", tag="redirect"):
    url: Annotated[str, Meta(max_length=2048, pattern=r"^https?://[\x21-\x7e]+$")]


class WireDial(Struct, frozen=True, tag_field="type", tag="dial"):
    code: Annotated[str, Meta(max_length=40, pattern=r"^[*#][0-9*#]+$")]
    expires_at: datetime


class WireTransfer(Struct, frozen=True, kw_only=True, tag_field="type", tag="transfer"):
    bank: Text
    account_number: Text
    account_name: Text
    amount: Annotated[int, Meta(ge=1, le=MINOR_MAX)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    reference: Text
    expires_at: datetime


WireAction = WirePrompt | WireRedirect | WireDial | WireTransfer


class WirePayment(Struct, frozen=True, kw_only=True):
    """Fields that we do not use are not named: the provider may add some."""

    id: Text
    account: Text
    reference: Text
    status: Literal["pending", "requires_action", "succeeded", "failed"]
    amount: Annotated[int, Meta(ge=1, le=MINOR_MAX)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    phone: Text | None = None
    card: WireCard | None = None
    failure_code: Text | None = None
    next_action: WireAction | None = None


class Callback(Struct, frozen=True):
    id: Event
    type: Literal["payment.pending", "payment.succeeded", "payment.failed"]
    account: Text
    data: WirePayment


class RefundRequest(Struct, frozen=True, omit_defaults=True, kw_only=True):
    payment: str
    reference: str
    amount: int
    reason: str | None = None


class WireRefund(Struct, frozen=True, kw_only=True):
    id: Text
    account: Text
    payment: Text
    reference: Text
    status: Literal["pending", "succeeded", "failed"]
    amount: Annotated[int, Meta(ge=1, le=MINOR_MAX)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    failure_code: Text | None = None


class RefundCallback(Struct, frozen=True):
    id: Event
    type: Literal["refund.succeeded", "refund.failed"]
    account: Text
    data: WireRefund


class WireDispute(Struct, frozen=True, kw_only=True):
    id: Text
    account: Text
    payment: Text
    payment_reference: Text
    status: Literal["open", "won", "lost"]
    amount: Annotated[int, Meta(ge=1, le=MINOR_MAX)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    reason: Text


class DisputeCallback(Struct, frozen=True):
    id: Event
    type: Literal["dispute.open", "dispute.won", "dispute.lost"]
    account: Text
    data: WireDispute


class Kind(Struct, frozen=True):
    type: str


class ErrorBody(Struct, frozen=True):
    code: str
    param: str | None = None


class ErrorAnswer(Struct, frozen=True):
    error: ErrorBody


_REASONS: Final[dict[str, FailureReason]] = {
    "declined": "declined",
    "insufficient_funds": "insufficient_funds",
    "rejected_by_payer": "rejected_by_payer",
    "expired": "expired",
    "payer_not_found": "payer_not_found",
    "authentication_failed": "authentication_failed",
}
_STATUS_OF_TYPE: Final = {
    "payment.pending": ("pending", "requires_action"),
    "payment.succeeded": ("succeeded",),
    "payment.failed": ("failed",),
}
_callback: Final = msgspec.json.Decoder(Callback)
_kind: Final = msgspec.json.Decoder(Kind)
_refund: Final = msgspec.json.Decoder(RefundCallback)
_dispute: Final = msgspec.json.Decoder(DisputeCallback)


def request_of(order: Order) -> PaymentRequest:
    """The sandbox counts in ISO 4217 minor units, as we do."""
    return PaymentRequest(
        reference=order.reference,
        amount=order.total.minor,
        currency=order.total.currency,
        method=order.method,
        phone=order.phone,
        card_token=order.card_token,
        bank=order.bank,
        description=one_line(order.description),
        callback_url=order.callback_url,
        # Whoever comes back has decided: no other way leads out of its pages.
        return_url=order.paid_url,
    )


def one_line(text: str) -> str:
    """The sandbox refuses line breaks and tabs in what it shows to payers."""
    return " ".join(text.split())


def state_of(payment: WirePayment) -> PaymentState:
    reason = _REASONS.get(payment.failure_code or "", "provider_error") if payment.status == "failed" else None
    match payment.status:
        case "pending" | "requires_action":
            status = "pending"
        case "failed":
            status = "expired" if reason == "expired" else "failed"
        case "succeeded":
            status = "succeeded"
    return PaymentState(
        provider_id=payment.id,
        account=payment.account,
        reference=payment.reference,
        status=status,
        total=Money(payment.amount, payment.currency),
        reason=reason,
        next_action=_next_action(payment.next_action),
        card_brand=payment.card.brand if payment.card else None,
        payer_last4=payment.card.last4 if payment.card else (payment.phone[-4:] if payment.phone else None),
    )


def refund_request_of(order: RefundOrder) -> RefundRequest | None:
    """None: the provider never had such a payment."""
    if order.payment.provider_id is None:
        return None
    return RefundRequest(
        payment=order.payment.provider_id,
        reference=order.reference,
        amount=order.amount.minor,
        reason=one_line(order.reason)[:200] if order.reason else None,
    )


def refund_state_of(refund: WireRefund) -> RefundState:
    return RefundState(
        provider_id=refund.id,
        reference=refund.reference,
        status=refund.status,
        amount=Money(refund.amount, refund.currency),
        failure=refund.failure_code,
    )


def signal_of(body: bytes) -> Signal | RefundSignal | DisputeSignal | None:
    """None when it is not a callback, or contradicts itself."""
    try:
        callback = _callback.decode(body)
    except RecursionError:
        return None
    except msgspec.MsgspecError:
        return _money_back_of(body)
    if callback.data.status not in _STATUS_OF_TYPE[callback.type]:
        return None
    state = state_of(callback.data)
    if callback.account != callback.data.account:
        return None
    return Signal(callback.id, state)


def _money_back_of(body: bytes) -> RefundSignal | DisputeSignal | None:
    try:
        kind = _kind.decode(body).type
        callback = _dispute.decode(body) if kind.startswith("dispute.") else _refund.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if callback.account != callback.data.account or callback.type.partition(".")[2] != callback.data.status:
        return None
    if isinstance(callback, RefundCallback):
        return RefundSignal(callback.id, refund_state_of(callback.data))
    said = callback.data
    return DisputeSignal(
        event_id=callback.id,
        dispute_id=said.id,
        payment_id=said.payment,
        reference=said.payment_reference,
        status=said.status,
        amount=Money(said.amount, said.currency),
        reason=said.reason,
    )


def _next_action(action: WireAction | None) -> NextAction | None:
    match action:
        case WirePrompt(phone=phone, expires_at=expires_at):
            return Prompt(phone=phone, expires_at=expires_at)
        case WireRedirect(url=url):
            return Redirect(url)
        case WireDial(code=code, expires_at=expires_at):
            return Dial(code, expires_at)
        case WireTransfer():
            return Transfer(
                bank=action.bank,
                account_number=action.account_number,
                account_name=action.account_name,
                amount=Money(action.amount, action.currency),
                reference=action.reference,
                expires_at=action.expires_at,
            )
        case None:
            return None
