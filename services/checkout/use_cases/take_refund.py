"""A provider's word about a refund becomes what we believe, also about one that nobody asked us for."""

from datetime import datetime
from typing import Final

import msgspec

from services.checkout.domain import refund_facts as facts
from services.checkout.domain.charge import RefundState, Verdict
from services.checkout.domain.refund import (
    BY_PROVIDER,
    Captured,
    Refund,
    Review,
    ask_again_at,
    judge_refund,
    new_refund,
)
from services.checkout.store import refund as store
from services.checkout.use_cases.refund_charge import write_refund_change
from shared.kernel.ids import new_id
from shared.runtime import outbox
from shared.runtime.postgres import Transaction

_ASKED_ONCE: Final = 1
"""So that whoever looks after it next asks how it stands, and never for the money a second time."""


async def take_refund(tx: Transaction, captured: Captured, said: RefundState, *, now: datetime) -> Verdict | None:
    """The verdict; None: what has gone back, or is promised, leaves no room for a refund that we did not know.

    `captured` is locked, and is the payment that the word is about.
    """
    found = await store.find_by_word(
        tx, captured.account_id, reference=said.reference, provider_id=said.provider_id
    ) or await store.find_by_word(tx, captured.account_id, reference=None, provider_id=said.provider_id)
    if found is None:
        return await _made_there(tx, captured, said, now)
    refund_id, charge_id = found
    if charge_id != captured.id:
        return "unknown_reference"
    refund = await store.read_refund(tx, refund_id)
    if refund.origin == "provider":
        # Whoever made it wrote what they liked where ours have our reference.
        said = msgspec.structs.replace(said, reference=None)
    verdict, after = judge_refund(refund, said, now=now)
    if after is not refund:
        await write_refund_change(tx, captured, before=refund, after=after, now=now)
    return verdict


async def _made_there(tx: Transaction, captured: Captured, said: RefundState, now: datetime) -> Verdict | None:
    amount, total = said.amount, captured.total
    if said.payment_id is None:
        return "unknown_reference"
    if amount.currency != total.currency or not 0 < amount.minor <= total.minor:
        return "amount_mismatch"
    refund = _refund_made_there(captured, said, now)
    if said.status == "failed":
        # Known to be over, so that a late word of its success moves nothing.
        await store.insert_made_there(tx, refund, next_attempt_at=now, review=None)
        await outbox.add(tx, [facts.of_new_refund(refund), *facts.of_refund_change(captured, refund, refund)], now=now)
        return "accepted"
    left = total.minor - captured.refunded_minor - captured.refunding_minor
    if amount.minor > left:
        return None
    review: Review | None = "refunded" if captured.review == "open" and amount.minor == left else None
    await store.insert_made_there(tx, refund, next_attempt_at=ask_again_at(refund, now), review=review)
    await outbox.add(tx, [facts.of_new_refund(refund)], now=now)
    if said.status == "succeeded":
        _, after = judge_refund(refund, msgspec.structs.replace(said, reference=None), now=now)
        await write_refund_change(tx, captured, before=refund, after=after, now=now)
    return "accepted"


def _refund_made_there(captured: Captured, said: RefundState, now: datetime) -> Refund:
    refund = new_refund(captured, new_id(), said.amount, by=BY_PROVIDER, absent_after=now, now=now)
    return msgspec.structs.replace(
        refund,
        status="failed" if said.status == "failed" else "pending",
        provider_id=said.provider_id,
        failure=(said.failure or "refused") if said.status == "failed" else None,
        attempts=_ASKED_ONCE,
    )
