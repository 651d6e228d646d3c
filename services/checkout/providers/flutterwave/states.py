"""What Flutterwave says, in our words."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from services.checkout.domain.charge import Dial, NextAction, PaymentState, Prompt, Redirect, Transfer
from services.checkout.providers.decimals import from_major, nearest
from services.checkout.providers.flutterwave.currencies import EXPONENTS
from services.checkout.providers.flutterwave.wire import (
    Authorization,
    Callback,
    ChargeAnswer,
    LegacyCallback,
    Refund,
    Transaction,
)
from services.checkout.providers.port import Ask, Ignored, Order, RefundState
from shared.contracts.checkout import FailureReason
from shared.kernel.money import Money

PROMPT_FOR: Final = timedelta(minutes=10)
_STATUS: Final[dict[str, Literal["succeeded", "pending", "failed"]]] = {
    "successful": "succeeded",
    "pending": "pending",
    "failed": "failed",
}
_REASONS: Final[tuple[tuple[str, FailureReason], ...]] = (
    ("insufficient", "insufficient_funds"),
    ("not enough", "insufficient_funds"),
    ("expired", "expired"),
    ("timeout", "expired"),
    ("timed out", "expired"),
    ("cancel", "rejected_by_payer"),
    ("reject", "rejected_by_payer"),
    ("not registered", "payer_not_found"),
    ("invalid phone", "payer_not_found"),
    ("invalid number", "payer_not_found"),
    ("authenticat", "authentication_failed"),
    ("otp", "authentication_failed"),
    ("incorrect pin", "authentication_failed"),
)
"""Words in `processor_response`, which is written for people: the first that is found. Else it was declined."""
_callback: Final = msgspec.json.Decoder(Callback)
_legacy: Final = msgspec.json.Decoder(LegacyCallback)


def state_of(transaction: Transaction, account: str) -> PaymentState | None:
    """None: not an answer that we understand."""
    status, total = _STATUS.get(transaction.status.lower()), _total(transaction)
    if status is None or total is None:
        return None
    reason = _reason(transaction.processor_response or "") if status == "failed" else None
    payer = transaction.customer.phone_number if transaction.customer else None
    card = transaction.card
    fee = transaction.app_fee if status == "succeeded" else None
    return PaymentState(
        # A transaction has an id only once somebody tries to pay; our reference is there from the beginning.
        provider_id=transaction.tx_ref,
        account=account,
        reference=transaction.tx_ref,
        status="expired" if reason == "expired" else status,
        total=total,
        reason=reason,
        card_brand=card.type.lower() if card and card.type else None,
        payer_last4=card.last_4digits if card else _last4(payer),
        fee=nearest(fee, transaction.currency, EXPONENTS[transaction.currency]) if fee is not None else None,
    )


def action_of(answer: ChargeAnswer, order: Order, *, now: datetime) -> NextAction | None:
    """None: there is nothing in the answer that a payer could do."""
    authorization = answer.meta.authorization if answer.meta else None
    if authorization is None:
        return None
    match authorization.mode:
        case "redirect":
            return Redirect(authorization.redirect) if authorization.redirect else None
        case "callback":
            return Prompt(phone=order.phone, expires_at=now + PROMPT_FOR) if order.phone else None
        case "ussd":
            return Dial(authorization.note) if authorization.note else None
        case "banktransfer":
            return _transfer(authorization, order)
        case _:
            return None


def refund_of(refund: Refund, reference: str, currency: str) -> RefundState | None:
    amount = from_major(refund.amount_refunded, currency, EXPONENTS[currency])
    if amount is None:
        return None
    status = refund.status.lower()
    return RefundState(
        provider_id=str(refund.id),
        reference=reference if refund.comments and reference in refund.comments else None,
        # Seen: completed, completed-mpgs, completed-bank-transfer, completed-momo, pending-momo, failed.
        status="succeeded" if status.startswith("completed") else "failed" if status == "failed" else "pending",
        amount=amount,
        failure=status if status == "failed" else None,
    )


def asked_of(body: bytes) -> Ask | Ignored | None:
    """What a callback says to ask about. None: not a callback of Flutterwave's."""
    try:
        callback = _callback.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return _legacy_of(body)
    event_id = f"{callback.event}:{callback.data.id}:{callback.data.status}"
    return Ask(event_id, callback.data.tx_ref) if callback.data.tx_ref else Ignored(event_id)


def _legacy_of(body: bytes) -> Ask | None:
    try:
        callback = _legacy.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return Ask(f"legacy:{callback.id}:{callback.status}", callback.tx_ref)


def _total(transaction: Transaction) -> Money | None:
    """What was paid, where that is less than what was asked for: a transfer of too little must not pay the order."""
    currency, amount = transaction.currency, transaction.amount
    if currency not in EXPONENTS:
        return None
    if transaction.charged_amount is not None and transaction.status.lower() == "successful":
        amount = min(amount, transaction.charged_amount)
    return from_major(amount, currency, EXPONENTS[currency])


def _transfer(said: Authorization, order: Order) -> Transfer | None:
    amount = said.transfer_amount
    currency = order.total.currency
    sent = from_major(amount, currency, EXPONENTS[currency]) if amount is not None else order.total
    if not said.transfer_bank or not said.transfer_account or sent is None:
        return None
    return Transfer(
        bank=said.transfer_bank,
        account_number=said.transfer_account,
        amount=sent,
        reference=said.transfer_reference,
        expires_at=_expiration(said.account_expiration),
    )


def _expiration(said: str | int | None) -> datetime | None:
    """Only where it names its time zone: a countdown that is an hour off is worse than none."""
    try:
        if isinstance(said, int):
            return datetime.fromtimestamp(said / 1000, UTC)
        moment = datetime.fromisoformat(said) if said else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment.astimezone(UTC) if moment and moment.tzinfo else None


def _reason(said: str) -> FailureReason:
    words = said.lower()
    for word, reason in _REASONS:
        if word in words:
            return reason
    return "declined"


def _last4(phone: str | None) -> str | None:
    return phone[-4:] if phone and phone[-4:].isdigit() else None
