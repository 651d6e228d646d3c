"""Our order as MTN is asked for it, and what MTN says, in our words."""

from decimal import Decimal
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

import msgspec

from services.checkout.domain.charge import PaymentState
from services.checkout.providers.decimals import from_major, to_major
from services.checkout.providers.mtn.environments import EXPONENTS
from services.checkout.providers.mtn.wire import Callback, Party, PayRequest, RefundRequest, Transaction
from services.checkout.providers.port import Ask, Order, RefundOrder, RefundState
from shared.contracts.checkout import FailureReason
from shared.kernel.money import Money

NOTE_CHARS_MAX: Final = 160
_REASONS: Final[dict[str, FailureReason]] = {
    "APPROVAL_REJECTED": "rejected_by_payer",
    # Five minutes have passed without an approval.
    "COULD_NOT_PERFORM_TRANSACTION": "expired",
    "EXPIRED": "expired",
    "INTERNAL_PROCESSING_ERROR": "provider_error",
    "NOT_ENOUGH_FUNDS": "insufficient_funds",
    "PAYER_LIMIT_REACHED": "declined",
    "PAYER_NOT_FOUND": "payer_not_found",
    "TRANSACTION_CANCELED": "rejected_by_payer",
}
_STATUS: Final[dict[str, Literal["pending", "succeeded", "failed"]]] = {
    "CREATED": "pending",
    "PENDING": "pending",
    "SUCCESSFUL": "succeeded",
    "FAILED": "failed",
}
_callback: Final = msgspec.json.Decoder(Callback)


def request_id(reference: str) -> str:
    """The `X-Reference-Id` of our reference: always the same, so that asking twice is asking once.

    MTN wants a UUID of version 4; ours are of another version, so its bits are drawn from ours.
    """
    return str(UUID(bytes=sha256(b"mtn " + reference.encode()).digest()[:16], version=4))


def pay_request(order: Order) -> PayRequest:
    note = _note(order.description)
    return PayRequest(
        amount=_written(order.total),
        currency=order.total.currency,
        external_id=order.reference,
        payer=Party("MSISDN", (order.phone or "").removeprefix("+")),
        payer_message=note,
        payee_note=note,
    )


def refund_request(order: RefundOrder) -> RefundRequest:
    note = _note(order.reason or "Refund")
    return RefundRequest(
        amount=_written(order.amount),
        currency=order.amount.currency,
        external_id=order.reference,
        payer_message=note,
        payee_note=note,
        reference_id_to_refund=order.payment.provider_id or request_id(order.payment.reference),
    )


def state_of(said: Transaction, provider_id: str, account: str) -> PaymentState | None:
    """None: not an answer that we understand."""
    total = _read(said)
    if total is None:
        return None
    status = _STATUS[said.status]
    reason = _REASONS.get(reason_code(said), "provider_error") if status == "failed" else None
    payer = said.payer.party_id if said.payer else None
    return PaymentState(
        provider_id=provider_id,
        account=account,
        reference=said.external_id,
        status="expired" if reason == "expired" else status,
        total=total,
        reason=reason,
        payer_last4=payer[-4:] if payer else None,
    )


def refund_of(said: Transaction, provider_id: str) -> RefundState | None:
    amount = _read(said)
    if amount is None:
        return None
    failed = said.status == "FAILED"
    return RefundState(
        provider_id=provider_id,
        reference=said.external_id,
        status=_STATUS[said.status],
        amount=amount,
        failure=(reason_code(said) or "failed").lower() if failed else None,
    )


def reason_code(said: Transaction) -> str:
    """It comes as a text or as an object with a `code`, and in either way of writing."""
    code = said.reason if isinstance(said.reason, str) else said.reason.code if said.reason else ""
    return code.strip().upper().replace(" ", "_").replace("-", "_")


def asked_of(body: bytes) -> Ask | None:
    """What a callback says to ask about. None: not a callback of MTN's."""
    try:
        callback = _callback.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return Ask(f"{callback.external_id}:{callback.status}", callback.external_id)


def _written(money: Money) -> str:
    return format(to_major(money, EXPONENTS[money.currency]), "f")


def _read(said: Transaction) -> Money | None:
    if said.currency not in EXPONENTS:
        return None
    return from_major(Decimal(said.amount), said.currency, EXPONENTS[said.currency])


def _note(text: str) -> str:
    """One line of plain ASCII: phones show it in a USSD prompt."""
    plain = " ".join(text.split()).encode("ascii", "ignore").decode()
    return " ".join(plain.split())[:NOTE_CHARS_MAX].strip() or "Payment"
