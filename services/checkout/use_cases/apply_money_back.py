"""Callbacks about refunds and disputes become what we believe, inside the transaction that applies callbacks."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.checkout.domain import ledger
from services.checkout.domain import refund_facts as facts
from services.checkout.domain.charge import Verdict
from services.checkout.domain.lifecycle import dispute_may_become
from services.checkout.domain.refund import Captured, Dispute
from services.checkout.providers.port import DisputeSignal, RefundSignal
from services.checkout.store import callback as callbacks
from services.checkout.store import dispute as disputes
from services.checkout.store import refund as refunds
from services.checkout.store.callback import WaitingCallback
from services.checkout.use_cases.take_refund import take_refund
from shared.kernel.ids import new_id
from shared.runtime import outbox
from shared.runtime.postgres import Transaction


async def apply_money_back(
    tx: Transaction, callback: WaitingCallback, said: RefundSignal | DisputeSignal, *, now: datetime
) -> tuple[Verdict, UUID | None] | None:
    """The verdict on the callback, and the charge that it is about; None: the callback waits, and comes again."""
    if isinstance(said, RefundSignal):
        return await _refund(tx, callback, said, now)
    return await _dispute(tx, callback, said, now)


async def _refund(
    tx: Transaction, callback: WaitingCallback, said: RefundSignal, now: datetime
) -> tuple[Verdict, UUID | None] | None:
    state = said.state
    found = await refunds.find_by_word(
        tx, callback.account_id, reference=state.reference, provider_id=state.provider_id
    )
    if found is not None:
        captured = await refunds.lock_captured(tx, found[1])
    elif state.payment_id is not None:
        captured = await _captured(tx, callback, reference=None, payment_id=state.payment_id)
        if captured is None:
            return await _later(tx, callback, state.payment_id, now)
    else:
        return "unknown_reference", None
    assert captured is not None  # the refund references it
    if callback.repeated:
        return "duplicate", captured.id
    verdict = await take_refund(tx, captured, state, now=now)
    if verdict is not None:
        return verdict, captured.id
    # There may be room for it once a refund that is under way has failed.
    return None if await callbacks.put_off(tx, callback.id, now) else ("amount_mismatch", captured.id)


async def _dispute(
    tx: Transaction, callback: WaitingCallback, said: DisputeSignal, now: datetime
) -> tuple[Verdict, UUID | None] | None:
    captured = await _captured(tx, callback, reference=said.reference, payment_id=said.payment_id)
    if captured is None:
        if said.reference is None and said.payment_id is not None:
            return await _later(tx, callback, said.payment_id, now)
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


async def _captured(
    tx: Transaction, callback: WaitingCallback, *, reference: str | None, payment_id: str | None
) -> Captured | None:
    if reference is None and payment_id is None:
        return None
    return await refunds.lock_captured_by_payment(tx, callback.account_id, reference=reference, provider_id=payment_id)


async def _later(
    tx: Transaction, callback: WaitingCallback, payment_id: str, now: datetime
) -> tuple[Verdict, UUID | None] | None:
    """What it is about is not captured yet, as far as we have heard; or the provider is asked whose payment it is."""
    if not await refunds.knows_payment(tx, callback.account_id, payment_id):
        await callbacks.ask_whose(tx, callback.id, payment_id)
        return None
    return None if await callbacks.put_off(tx, callback.id, now) else ("unknown_reference", None)


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
