"""What Stripe's events say. https://docs.stripe.com/api/events/types."""

from typing import Final, Literal

import msgspec

from services.checkout.providers.port import Ask, CallbackContent, DisputeSignal, Ignored, RefundSignal, Signal
from services.checkout.providers.stripe.amounts import NotWhole, from_stripe
from services.checkout.providers.stripe.wire import (
    NotOurs,
    WireCharge,
    WireDispute,
    WireEvent,
    WireRefund,
    WireSession,
    reference_in,
    refund_of,
    state_of,
)
from shared.kernel.money import UnknownCurrency

# `payment_intent.*` of a Checkout payment tells nothing that its session does not: a declined card leaves the session
# open for another one.
SESSION_EVENTS: Final = frozenset(
    f"checkout.session.{fact}" for fact in ("completed", "async_payment_succeeded", "async_payment_failed", "expired")
)
REFUND_EVENTS: Final = frozenset({"refund.created", "refund.updated", "refund.failed"})
CHARGE_REFUNDED: Final = "charge.refunded"
"""It tells only the sum of a charge's refunds: Stripe is asked for the rest."""
DISPUTE_EVENTS: Final = frozenset(
    f"charge.dispute.{fact}" for fact in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
SUBSCRIBED: Final = tuple(sorted(SESSION_EVENTS | REFUND_EVENTS | DISPUTE_EVENTS | {CHARGE_REFUNDED}))
"""What the webhook endpoint in the merchant's dashboard has to listen to."""
# An inquiry that is closed, and a dispute that was prevented, cost the merchant nothing.
_DISPUTE_ENDS: Final[dict[str, Literal["won", "lost"]]] = {
    "won": "won",
    "warning_closed": "won",
    "prevented": "won",
    "lost": "lost",
}
_event: Final = msgspec.json.Decoder(WireEvent)
_session: Final = msgspec.json.Decoder(WireSession)
_refund: Final = msgspec.json.Decoder(WireRefund)
_charge: Final = msgspec.json.Decoder(WireCharge)
_dispute: Final = msgspec.json.Decoder(WireDispute)


def content_of(account: str, body: bytes) -> CallbackContent | None:
    """None when it is not an event of Stripe, or contradicts itself."""
    try:
        event = _event.decode(body)
        if event.type in SESSION_EVENTS:
            return _session_content(event, account)
        if event.type in REFUND_EVENTS:
            return RefundSignal(event.id, refund_of(_refund.decode(event.data.object)))
        if event.type == CHARGE_REFUNDED:
            reference = reference_in(_charge.decode(event.data.object).metadata)
            return Ask(event.id, reference) if reference else Ignored(event.id)
        if event.type in DISPUTE_EVENTS:
            return _dispute_signal(event)
    except (msgspec.MsgspecError, NotWhole, UnknownCurrency, RecursionError):
        return None
    return Ignored(event.id)


def _session_content(event: WireEvent, account: str) -> Signal | Ignored | None:
    session = _session.decode(event.data.object)
    failed = event.type == "checkout.session.async_payment_failed"
    try:
        state = state_of(session, account, failed=failed)
    except NotOurs:
        return Ignored(event.id)
    contradicts = (failed and state.status == "succeeded") or (
        event.type == "checkout.session.expired" and state.status != "expired"
    )
    return None if contradicts else Signal(event.id, state)


def _dispute_signal(event: WireEvent) -> DisputeSignal:
    dispute = _dispute.decode(event.data.object)
    return DisputeSignal(
        event_id=event.id,
        dispute_id=dispute.id,
        payment_id=dispute.payment_intent or dispute.charge,
        reference=None,
        status=_DISPUTE_ENDS.get(dispute.status, "open"),
        amount=from_stripe(dispute.amount, dispute.currency.upper()),
        reason=dispute.reason,
    )
