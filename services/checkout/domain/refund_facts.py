"""The facts that refunds, reviews and disputes announce."""

from datetime import datetime
from typing import Any

from services.checkout.domain.refund import Captured, Dispute, Refund
from shared.contracts.checkout import (
    ChargeAccepted,
    ChargeDisputed,
    ChargeNeedsReview,
    ChargeRefunded,
    DisputeClosed,
    RefundCreated,
    RefundFailed,
    RefundSucceeded,
    ReviewReason,
)
from shared.contracts.envelope import Event
from shared.kernel.money import Money


def of_new_refund(refund: Refund) -> RefundCreated:
    return RefundCreated(**_of_refund(refund))


def of_refund_change(captured: Captured, before: Refund, after: Refund) -> list[Event]:
    """`captured` is the charge before the change. A refund that is only under way is no news."""
    match after.status:
        case "succeeded":
            refunded = Money(captured.refunded_minor + after.amount.minor, after.amount.currency)
            common = _of_charge(captured, after.updated_at)
            return [
                RefundSucceeded(**_of_refund(after)),
                ChargeRefunded(**common, refund_id=after.id, amount=after.amount, refunded=refunded),
            ]
        case "failed":
            left = Money(captured.refunded_minor - after.amount.minor, after.amount.currency)
            undone = left if before.status == "succeeded" else None
            return [RefundFailed(**_of_refund(after), failure=after.failure or "refused", refunded=undone)]
        case "created" | "pending":
            return []


def needs_review(captured: Captured, reason: ReviewReason, *, now: datetime) -> ChargeNeedsReview:
    return ChargeNeedsReview(**_of_charge(captured, now), reason=reason)


def accepted(captured: Captured, by: str, *, now: datetime) -> ChargeAccepted:
    return ChargeAccepted(**_of_charge(captured, now), by=by)


def of_dispute(captured: Captured, before: Dispute | None, after: Dispute, *, now: datetime) -> list[Event]:
    """In order; a dispute that is heard of only when it is over was opened, too."""
    facts: list[Event] = []
    if before is None:
        common = _of_charge(captured, now)
        facts.append(ChargeDisputed(**common, dispute_id=after.id, amount=after.amount, reason=after.reason))
    if after.status != "open":
        facts.append(
            DisputeClosed(
                org_id=after.org_id,
                link_id=after.link_id,
                dispute_id=after.id,
                charge_id=after.charge_id,
                session_id=after.session_id,
                outcome=after.status,
                amount=after.amount,
                livemode=after.livemode,
                at=now,
            )
        )
    return facts


def _of_refund(refund: Refund) -> dict[str, Any]:
    return {
        "org_id": refund.org_id,
        "link_id": refund.link_id,
        "refund_id": refund.id,
        "charge_id": refund.charge_id,
        "session_id": refund.session_id,
        "amount": refund.amount,
        "provider": refund.provider,
        "livemode": refund.livemode,
        "at": refund.updated_at,
        "reason": refund.reason,
        "origin": refund.origin,
    }


def _of_charge(captured: Captured, at: datetime) -> dict[str, Any]:
    return {
        "org_id": captured.org_id,
        "link_id": captured.link_id,
        "charge_id": captured.id,
        "session_id": captured.session_id,
        "total": captured.total,
        "livemode": captured.livemode,
        "at": at,
    }
