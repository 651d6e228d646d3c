"""Asks providers about charges: lost callbacks, timeouts, what a dead process left behind, and late successes."""

import asyncio
from datetime import datetime
from typing import Final

from services.checkout.domain.charge import HELD_FOR
from services.checkout.domain.lifecycle import UNDER_WAY
from services.checkout.peers.links import Links
from services.checkout.providers.port import Absent, Accepted, Account, Payment, Unreachable
from services.checkout.store import charge as charges
from services.checkout.store.charge import DueCharge
from services.checkout.use_cases.apply_signals import ApplySignals, Word
from services.checkout.use_cases.ask_provider import AskProvider
from shared.contracts.links import UseIsHeld
from shared.kernel.faults import Unavailable
from shared.kernel.moment import Clock
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

BATCH: Final = 50
AT_ONCE_MAX: Final = 8

_log = logger("polling")


class PollCharges:
    def __init__(
        self,
        postgres: Postgres,
        *,
        ask: AskProvider,
        apply_signals: ApplySignals,
        links: Links,
        clock: Clock,
    ) -> None:
        self._postgres = postgres
        self._ask = ask
        self._apply = apply_signals
        self._links = links
        self._clock = clock

    async def __call__(self) -> int:
        """One round; returns how many charges were due."""
        due = await charges.claim_due(self._postgres, self._clock(), limit=BATCH)
        if not due:
            return 0
        asked = await asyncio.gather(*(self._asked(one) for one in due))
        words = [word for word in asked if word is not None]
        if words:
            await self._apply.words(words)
        pending = {word.reference for word in words if word.state is not None and word.state.status == "pending"}
        under_way = [one for one in due if one.status in UNDER_WAY and one.reference in pending]
        await asyncio.gather(*(self._keep_held(one) for one in under_way))
        return len(due)

    async def _asked(self, due: DueCharge) -> Word | None:
        told = await self._ask.status(due.account_id, due.provider, _payment(due))
        if told is None:
            _log.error("polling.no_account", charge_id=str(due.id))
            return None
        account, answer = told
        match answer:
            case Accepted(state=state):
                return Word(due.reference, account.external_id, account.id, state)
            case Absent():
                return self._absent(due, account, self._clock())
            case Unreachable():
                return None

    def _absent(self, due: DueCharge, account: Account, now: datetime) -> Word | None:
        """Believed only when nothing of ours can still be on its way. A payment that was accepted does not vanish."""
        if due.status == "created" and due.absent_after <= now:
            return Word(due.reference, account.external_id, account.id, None, due.absent_reason)
        if due.status == "pending":
            _log.error("polling.provider_lost_payment", charge_id=str(due.id))
        return None

    async def _keep_held(self, due: DueCharge) -> None:
        """Extends the hold beyond the next poll.

        A link that refuses by now changes nothing: the buyer may yet pay, and its policy for late payments decides.
        """
        held_until = due.next_poll_at + HELD_FOR
        if held_until <= due.held_until:
            return
        try:
            answer = await self._links.hold_by_id(
                org_id=due.org_id,
                link_id=due.link_id,
                session_id=due.session_id,
                charge_id=due.id,
                held_until=held_until,
            )
        except Unavailable as error:
            _log.warning("polling.use_not_held_on", charge_id=str(due.id), error=repr(error))
            return
        if isinstance(answer, UseIsHeld):
            await charges.extend_hold(self._postgres, due.id, held_until)


def _payment(due: DueCharge) -> Payment:
    return Payment(
        reference=due.reference,
        provider_id=due.provider_id,
        method=due.method,
        total=due.total,
        created_at=due.created_at,
    )
