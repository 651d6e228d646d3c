"""Callbacks about refunds and disputes become what we believe, inside the transaction that applies callbacks."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.checkout.domain import ledger
from services.checkout.domain import refund_facts as facts
from services.checkout.domain.charge import Verdict
from services.checkout.domain.lifecycle import dispute_may_become
from services.checkout.domain.refund import Captured, Dispute, judge_refund
from services.checkout.providers.port import DisputeSignal, RefundSignal
from services.checkout.store import dispute as disputes
from services.checkout.store import refund as refunds
from services.checkout.store.callback import WaitingCallback
from services.checkout.use_cases.refund_charge import write_refund_change
from shared.kernel.ids import new_id
from shared.runtime import outbox
from shared.runtime.postgres import Transaction


async def apply_money_back(
    tx: Transaction, callback: WaitingCallback, said: RefundSignal | DisputeSignal, *, now: datetime
) -> tuple[Verdict, UUID | None]:
    """The verdict on the callback, and the charge that it is about."""
    if isinstance(said, RefundSignal):
        return await _refund(tx, callback, said, now)
    return await _dispute(tx, callback, said, now)


async def _refund(
    tx: Transaction, callback: WaitingCallback, said: RefundSignal, now: datetime
) -> tuple[Verdict, UUID | None]:
    state = said.state
    found = await refunds.find_by_word(
        tx, callback.account_id, reference=state.reference, provider_id=state.provider_id
    )
    if found is None:
        return "unknown_reference", None
    refund_id, charge_id = found
    captured = await refunds.lock_captured(tx, charge_id)
    assert captured is not None  # the refund references it
    refund = await refunds.read_refund(tx, refund_id)
    verdict, after = judge_refund(refund, state, now=now)
    if after is not refund:
        await write_refund_change(tx, captured, after, now=now)
    return verdict, charge_id


async def _dispute(
    tx: Transaction, callback: WaitingCallback, said: DisputeSignal, now: datetime
) -> tuple[Verdict, UUID | None]:
    captured = None
    if said.reference is not None or said.payment_id is not None:
        captured = await refunds.lock_captured_by_payment(
            tx, callback.account_id, reference=said.reference, provider_id=said.payment_id
        )
    if captured is None:
        return "unknown_reference", None
    if said.amount.currency != captured.total.currency or not 0 < said.amount.minor <= captured.total.minor:
        return "amount_mismatch", captured.id
    before = await disputes.find_dispute(tx, callback.account_id, said.dispute_id)
    if before is not None and (refused := _refused(before, captured, said)) is not None:
        return refused, captured.id
    after = _after(before, captured, said, now)
    held = before.amount.minor if before else 0
    change = (0 if after.status == "won" else after.amount.minor) - held
    await disputes.write_dispute(tx, after, ledger.of_dispute(before, after), disputed_change=change, now=now)
    await outbox.add(tx, facts.of_dispute(captured, before, after, now=now), now=now)
    return "accepted", captured.id


def _refused(before: Dispute, captured: Captured, said: DisputeSignal) -> Verdict | None:
    if before.charge_id != captured.id:
        return "unknown_reference"
    if before.amount != said.amount:
        return "amount_mismatch"
    if before.status == said.status:
        return "duplicate"
    return None if dispute_may_become(before.status, said.status) else "out_of_order"


def _after(before: Dispute | None, captured: Captured, said: DisputeSignal, now: datetime) -> Dispute:
    closed_at = now if said.status != "open" else None
    if before is not None:
        return msgspec.structs.replace(before, status=said.status, closed_at=closed_at)
    return Dispute(
        id=new_id(),
        org_id=captured.org_id,
        link_id=captured.link_id,
        session_id=captured.session_id,
        charge_id=captured.id,
        livemode=captured.livemode,
        account_id=captured.account_id,
        provider=captured.provider,
        external_id=said.dispute_id,
        amount=said.amount,
        status=said.status,
        reason=said.reason,
        opened_at=now,
        closed_at=closed_at,
    )
