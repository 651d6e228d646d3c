"""What a provider tells of captured money after the capture: its fee, and what was given back at its own dashboard."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.checkout.domain.charge import Charge, PaymentState
from services.checkout.domain.ledger import of_fee
from services.checkout.store import fee as fees
from services.checkout.store import refund as refunds
from services.checkout.use_cases.take_refund import take_refund
from shared.runtime.logs import logger
from shared.runtime.postgres import Transaction

_log = logger("money")


def tells_more(before: Charge, state: PaymentState) -> bool:
    """Whether a word that is believed says more than that the money was captured; `before`: the charge before it."""
    late_fee = before.status == "succeeded" and state.fee is not None
    return state.status == "succeeded" and (late_fee or bool(state.refunds))


async def learn_more(tx: Transaction, told: Mapping[UUID, PaymentState], *, now: datetime) -> None:
    """By charge; all of them are captured and locked. What is known already is not written again."""
    learned = {charge_id: state.fee for charge_id, state in told.items() if state.fee is not None}
    if learned:
        captured = await fees.captured_without_fee(tx, list(learned))
        await fees.post_fees(tx, [line for one in captured for line in of_fee(one, learned[one.id])], now)
        await fees.end_fee_asks(tx, list(learned))
    for charge_id, state in told.items():
        for refund in state.refunds:
            captured_now = await refunds.lock_captured(tx, charge_id)
            assert captured_now is not None  # charges that were captured are never deleted
            verdict = await take_refund(tx, captured_now, refund, now=now)
            if verdict not in ("accepted", "duplicate"):
                _log.warning("refund.not_taken", charge_id=str(charge_id), refund=refund.provider_id, verdict=verdict)
