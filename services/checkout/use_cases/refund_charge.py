"""Giving money back, the part that needs no provider: the promise, what it becomes, and what follows from that.

A refund is stored with its reference, and its amount is promised on the charge's locked row, before anybody asks the
provider (`send_refunds` does, and recovers). So two at once never promise more than there is, and a death at any await
leaves a refund that is asked for again under the same reference.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.checkout.domain import refund_facts as facts
from services.checkout.domain.faults import ChargeNotCaptured, NotInReview, RefundNotTaken, RefundTooLarge
from services.checkout.domain.ledger import of_refund
from services.checkout.domain.refund import ASKED_FOR, BY_POLICY, Captured, Refund, Review, ask_again_at, new_refund
from services.checkout.providers.registry import Providers
from services.checkout.store import refund as store
from shared.contracts.checkout import ReviewReason
from shared.kernel.faults import NotFound
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from shared.runtime import outbox
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Transaction
from shared.runtime.tracing import current_traceparent

LATE: Final = "late payment"


class RefundCharge:
    """`ring` is rung by `asked`, after the commit of what waits to be sent."""

    def __init__(self, providers: Providers, *, ring: Callable[[], None], wake: Wake) -> None:
        self._providers = providers
        self._ring = ring
        self._wake = wake

    async def ask(
        self,
        tx: Transaction,
        charge_id: UUID,
        *,
        org_id: UUID,
        livemode: bool,
        amount_minor: int | None,
        reason: str | None,
        by: str,
        now: datetime,
    ) -> Refund:
        """A new refund; None is all that is left.

        Raises:
            NotFound: no such charge of this organization and mode.
            ChargeNotCaptured, RefundTooLarge, RefundNotTaken.
        """
        captured = await self._owned(tx, charge_id, org_id=org_id, livemode=livemode)
        return await self._promise(tx, captured, amount_minor, reason=reason, by=by, now=now)

    async def refund_reviewed(
        self, tx: Transaction, charge_id: UUID, *, org_id: UUID, livemode: bool, by: str, now: datetime
    ) -> None:
        """Promises all that is left of it back. Again: nothing.

        Raises:
            NotFound, NotInReview, RefundTooLarge, RefundNotTaken.
        """
        captured = await self._owned(tx, charge_id, org_id=org_id, livemode=livemode)
        if captured.review == "refunded":
            return
        if captured.review != "open":
            raise NotInReview
        await self._promise(tx, captured, None, reason=LATE, by=by, now=now)

    async def accept_reviewed(
        self, tx: Transaction, charge_id: UUID, *, org_id: UUID, livemode: bool, by: str, now: datetime
    ) -> None:
        """Somebody has decided to keep it. Again: nothing.

        Raises:
            NotFound, NotInReview.
        """
        captured = await self._owned(tx, charge_id, org_id=org_id, livemode=livemode)
        if captured.review == "accepted":
            return
        if captured.review != "open":
            raise NotInReview
        await store.write_review(tx, captured.id, "accepted", reason=None)
        await outbox.add(tx, [facts.accepted(captured, by, now=now)], now=now)

    async def put_aside(self, tx: Transaction, charge_id: UUID, *, refund: bool, now: datetime) -> None:
        """Links counts this charge as no use. With `refund` it goes back by itself, once; else a person decides.

        So does a person where the provider gives nothing back. What went back already, or is promised, is decided.
        """
        captured = await store.lock_captured(tx, charge_id)
        if captured is None or captured.status != "succeeded" or captured.review is not None:
            return
        if captured.refunded_minor + captured.refunding_minor == captured.total.minor:
            await store.write_review(tx, captured.id, "refunded", reason=None)
            return
        takes = self._takes(captured)
        if refund and takes != "none" and captured.refundable_minor == captured.total.minor:
            await self._promise(tx, captured, None, reason=LATE, by=BY_POLICY, now=now)
            return
        await store.write_review(tx, captured.id, "open", reason="not_counted")
        await outbox.add(tx, [facts.needs_review(captured, "not_counted", now=now)], now=now)

    def asked(self) -> None:
        """After the commit."""
        self._wake()
        self._ring()

    async def _owned(self, tx: Transaction, charge_id: UUID, *, org_id: UUID, livemode: bool) -> Captured:
        captured = await store.lock_captured(tx, charge_id)
        if captured is None or captured.org_id != org_id or captured.livemode != livemode:
            raise NotFound("charge")
        return captured

    def _takes(self, captured: Captured) -> str:
        provider = self._providers.find(captured.provider)
        return provider.refunds if provider else "none"

    async def _promise(
        self,
        tx: Transaction,
        captured: Captured,
        amount_minor: int | None,
        *,
        reason: str | None,
        by: str,
        now: datetime,
    ) -> Refund:
        if captured.status != "succeeded":
            raise ChargeNotCaptured(captured.status)
        left, total = captured.refundable_minor, captured.total
        amount = left if amount_minor is None else amount_minor
        if not 0 < amount <= left:
            raise RefundTooLarge(left, total.currency)
        takes = self._takes(captured)
        if takes == "none" or (takes == "full" and amount != total.minor):
            raise RefundNotTaken(captured.provider, takes)
        refund = _asked_refund(captured, Money(amount, total.currency), reason=reason, by=by, now=now)
        ends_review = amount == left and (captured.review == "open" or by == BY_POLICY)
        if await store.insert_refund(tx, refund, review="refunded" if ends_review else None):
            await outbox.add(tx, [facts.of_new_refund(refund)], now=now)
        return refund


async def write_refund_change(
    tx: Transaction, captured: Captured, *, before: Refund, after: Refund, now: datetime
) -> None:
    """What a refund has become, with the ledger and the facts. Its charge is locked, and as it was before.

    Late money whose refund failed is somebody's to decide about again.
    """
    events = facts.of_refund_change(captured, before, after)
    review: Review | None = None
    reason: ReviewReason | None = None
    if after.status == "failed" and captured.review == "refunded":
        review, reason = "open", "refund_failed"
        events.append(facts.needs_review(captured, reason, now=now))
    await store.write_refund(
        tx,
        after,
        of_refund(before, after),
        next_attempt_at=ask_again_at(after, now),
        review=review,
        review_reason=reason,
    )
    await outbox.add(tx, events, now=now, traceparents=[after.traceparent] * len(events))


def _asked_refund(captured: Captured, amount: Money, *, reason: str | None, by: str, now: datetime) -> Refund:
    refund = new_refund(captured, new_id(), amount, by=by, absent_after=now + ASKED_FOR, now=now)
    return msgspec.structs.replace(refund, reason=reason, traceparent=current_traceparent())
