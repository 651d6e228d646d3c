"""Stripe's objects, as far as we read them, and what they mean in our words.

Fields that we do not use are not named: Stripe adds some at any time. What has our reference in its metadata is ours;
a merchant's account may hold much else.
"""

import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Raw, Struct

from services.checkout.domain.charge import PaymentState, Redirect, RefundState
from services.checkout.providers.stripe.amounts import from_stripe
from shared.contracts.checkout import FailureReason
from shared.kernel.money import MINOR_MAX, Money

REFERENCE: Final = "paylinks_reference"
"""The name in `metadata` of our reference."""
Id = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
Code = Annotated[str, Meta(max_length=100, pattern=r"^[\x20-\x7e]*$")]
Amount = Annotated[int, Meta(ge=0, le=MINOR_MAX)]
Currency = Annotated[str, Meta(pattern=r"^[a-z]{3}$")]
Metadata = dict[str, str]


class Card(Struct, frozen=True):
    brand: Code | None = None
    last4: Annotated[str, Meta(pattern=r"^[0-9]{4}$")] | None = None


class MethodDetails(Struct, frozen=True):
    card: Card | None = None


class BalanceTransaction(Struct, frozen=True):
    fee: Amount
    currency: Currency


class WireRefund(Struct, frozen=True, kw_only=True):
    id: Id
    amount: Amount
    currency: Currency
    status: Code | None
    failure_reason: Code | None = None
    metadata: Metadata | None = None
    payment_intent: Id | None = None


class RefundList(Struct, frozen=True):
    data: list[WireRefund]
    has_more: bool


class WireCharge(Struct, frozen=True):
    """`refunds` only where they were asked for: the ten newest."""

    payment_method_details: MethodDetails | None = None
    balance_transaction: Id | BalanceTransaction | None = None
    metadata: Metadata | None = None
    refunds: RefundList | None = None


class PaymentError(Struct, frozen=True):
    code: Code | None = None
    decline_code: Code | None = None


class PaymentIntent(Struct, frozen=True):
    id: Id
    status: Code
    last_payment_error: PaymentError | None = None
    latest_charge: Id | WireCharge | None = None


class WireSession(Struct, frozen=True, kw_only=True):
    id: Id
    mode: Code
    status: Literal["open", "complete", "expired"] | None
    payment_status: Code
    amount_total: Amount | None = None
    currency: Currency | None = None
    client_reference_id: Id | None = None
    metadata: Metadata | None = None
    payment_intent: Id | PaymentIntent | None = None
    url: Annotated[str, Meta(max_length=4096, pattern=r"^https?://[\x21-\x7e]+$")] | None = None

    @property
    def is_ours(self) -> bool:
        return self.mode == "payment" and REFERENCE in (self.metadata or {}) and self.client_reference_id is not None

    @property
    def payment_intent_id(self) -> str | None:
        intent = self.payment_intent
        return intent.id if isinstance(intent, PaymentIntent) else intent


class SessionList(Struct, frozen=True):
    data: list[WireSession]
    has_more: bool


class WireDispute(Struct, frozen=True, kw_only=True):
    id: Id
    amount: Amount
    currency: Currency
    status: Code
    reason: Code
    charge: Id | None = None
    payment_intent: Id | None = None


class EventData(Struct, frozen=True):
    object: Raw


class WireEvent(Struct, frozen=True):
    id: Id
    type: Code
    data: EventData


class ErrorBody(Struct, frozen=True):
    type: Code | None = None
    code: Code | None = None
    decline_code: Code | None = None
    param: Code | None = None


class ErrorAnswer(Struct, frozen=True):
    error: ErrorBody


class NotOurs(ValueError):  # noqa: N818 - says what it is
    """The session is not one that we could have made, so it says nothing of a payment of ours."""


_REASONS: Final[dict[str, FailureReason]] = {
    "insufficient_funds": "insufficient_funds",
    "authentication_required": "authentication_failed",
    "payment_intent_authentication_failure": "authentication_failed",
    "setup_intent_authentication_failure": "authentication_failed",
    "processing_error": "provider_error",
    "api_error": "provider_error",
}
_REFERENCE: Final = re.compile(r"[\x21-\x7e]{1,64}")
_NEVER_PAID: Final = frozenset({"requires_payment_method", "canceled"})
_REFUND_STATUS: Final[dict[str | None, Literal["pending", "succeeded", "failed"]]] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}


def reason_of(error: PaymentError | None) -> FailureReason:
    """Whatever else a bank says is a declined card: the payer hears the same."""
    if error is None:
        return "declined"
    return _REASONS.get(error.decline_code or "") or _REASONS.get(error.code or "") or "declined"


def state_of(session: WireSession, account: str, *, failed: bool = False) -> PaymentState:
    """`failed`: the event says that a payment which takes its time has come to nothing.

    Raises:
        NotOurs, NotWhole, UnknownCurrency.
    """
    if not session.is_ours or session.amount_total is None or session.currency is None:
        raise NotOurs(session.id)
    total = from_stripe(session.amount_total, session.currency.upper())
    intent = session.payment_intent if isinstance(session.payment_intent, PaymentIntent) else None
    charge = intent.latest_charge if intent and isinstance(intent.latest_charge, WireCharge) else None
    card = charge.payment_method_details.card if charge and charge.payment_method_details else None
    status, reason = _status(session, intent, failed=failed)
    settled = charge.balance_transaction if charge else None
    return PaymentState(
        provider_id=session.id,
        account=account,
        reference=session.client_reference_id or "",
        status=status,
        total=total,
        reason=reason,
        next_action=Redirect(session.url) if session.status == "open" and session.url else None,
        card_brand=card.brand if card else None,
        payer_last4=card.last4 if card else None,
        payment_id=session.payment_intent_id,
        fee=_fee(settled, total.currency),
        # Booked a moment after the capture, and told only to those who ask for it.
        fee_later=status == "succeeded" and not isinstance(settled, BalanceTransaction),
        refunds=tuple(refund_of(one) for one in reversed(charge.refunds.data)) if charge and charge.refunds else (),
    )


def _status(
    session: WireSession, intent: PaymentIntent | None, *, failed: bool
) -> tuple[Literal["pending", "succeeded", "failed", "expired"], FailureReason | None]:
    if session.payment_status == "paid":
        return "succeeded", None
    if session.status == "expired":
        return "expired", "expired"
    given_up = session.status == "complete" and intent is not None and intent.status in _NEVER_PAID
    if failed or given_up:
        return "failed", reason_of(intent.last_payment_error if intent else None)
    # Open: another card may be tried. Complete but unpaid: a bank transfer or the like is on its way.
    return "pending", None


def _fee(settled: str | BalanceTransaction | None, currency: str) -> Money | None:
    """Only in the currency of the payment: an account that settles in another pays its fees there."""
    if not isinstance(settled, BalanceTransaction) or settled.currency.upper() != currency:
        return None
    return from_stripe(settled.fee, currency)


def reference_in(metadata: Metadata | None) -> str | None:
    """What may be a reference of ours: whoever works at the dashboard writes there what they like."""
    said = (metadata or {}).get(REFERENCE)
    return said if said is not None and _REFERENCE.fullmatch(said) else None


def refund_of(refund: WireRefund) -> RefundState:
    """Raises: NotWhole, UnknownCurrency."""
    return RefundState(
        provider_id=refund.id,
        reference=reference_in(refund.metadata),
        status=_REFUND_STATUS.get(refund.status, "pending"),
        amount=from_stripe(refund.amount, refund.currency.upper()),
        failure=refund.failure_reason,
        payment_id=refund.payment_intent,
    )
