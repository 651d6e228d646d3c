"""Asks for the fees that providers tell only when they are asked: after the capture, so that nothing waits for them."""

import asyncio
from typing import Final

from services.checkout.domain.polling import FEE_SECONDS
from services.checkout.providers.port import Accepted, Payment, Unreachable
from services.checkout.store import fee as store
from services.checkout.store.fee import FeeAsk
from services.checkout.use_cases.apply_signals import ApplySignals, Word
from services.checkout.use_cases.ask_provider import AskProvider
from shared.kernel.moment import Clock
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

BATCH: Final = 50
AT_ONCE_MAX: Final = 4

_log = logger("fees")


class AskFees:
    def __init__(
        self,
        postgres: Postgres,
        *,
        ask: AskProvider,
        apply_signals: ApplySignals,
        clock: Clock,
    ) -> None:
        self._postgres = postgres
        self._ask = ask
        self._apply = apply_signals
        self._clock = clock

    async def __call__(self) -> int:
        """One round; returns how many fees were due. A fee that is told is posted, and ends its asking."""
        due = await store.claim_fee_asks(self._postgres, self._clock(), limit=BATCH)
        if not due:
            return 0
        heard = await asyncio.gather(*(self._asked(one) for one in due))
        if words := [word for _, word in heard if word is not None]:
            await self._apply.words(words)
        over = [one.id for one, (is_over, _) in zip(due, heard, strict=True) if is_over]
        if over:
            await store.end_fee_asks(self._postgres, over)
        return len(due)

    async def _asked(self, due: FeeAsk) -> tuple[bool, Word | None]:
        """Whether nobody need ask any more, and what the provider said."""
        is_last = due.asks >= len(FEE_SECONDS)
        told = await self._ask.status(due.account_id, due.provider, _payment(due))
        if told is None:
            _log.error("fees.no_account", charge_id=str(due.id))
            return is_last, None
        account, answer = told
        if not isinstance(answer, Accepted):
            if not isinstance(answer, Unreachable):
                _log.error("fees.provider_lost_payment", charge_id=str(due.id))
            return is_last, None
        state = answer.state
        if is_last and state.fee is None:
            _log.warning("fees.never_told", charge_id=str(due.id))
        # Without a fee now or later, as where it is taken in another currency, there is none to be had.
        is_over = state.fee is None and (is_last or not state.fee_later)
        return is_over, Word(due.reference, account.external_id, account.id, state)


def _payment(due: FeeAsk) -> Payment:
    return Payment(
        reference=due.reference,
        provider_id=due.provider_id,
        method=due.method,
        total=due.total,
        created_at=due.created_at,
    )
