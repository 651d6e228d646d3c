"""Asks for the fees that providers tell only when they are asked: after the capture, so that nothing waits for them."""

import asyncio
from typing import Final

from services.checkout.domain.polling import FEE_SECONDS
from services.checkout.providers.port import Accepted, Payment, StatusResult, Unreachable
from services.checkout.providers.registry import Providers
from services.checkout.store import fee as store
from services.checkout.store.fee import FeeAsk
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import ApplySignals, Word
from services.checkout.use_cases.breakers import Breakers
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
        providers: Providers,
        breakers: Breakers,
        accounts: Accounts,
        apply_signals: ApplySignals,
        clock: Clock,
    ) -> None:
        self._postgres = postgres
        self._providers = providers
        self._breakers = breakers
        self._accounts = accounts
        self._apply = apply_signals
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)

    async def __call__(self) -> int:
        """One round; returns how many fees were due. A fee that is told is posted, and ends its asking."""
        due = await store.claim_fee_asks(self._postgres, self._clock(), limit=BATCH)
        if not due:
            return 0
        heard = await asyncio.gather(*(self._ask(one) for one in due))
        if words := [word for _, word in heard if word is not None]:
            await self._apply.words(words)
        over = [one.id for one, (is_over, _) in zip(due, heard, strict=True) if is_over]
        if over:
            await store.end_fee_asks(self._postgres, over)
        return len(due)

    async def _ask(self, due: FeeAsk) -> tuple[bool, Word | None]:
        """Whether nobody need ask any more, and what the provider said."""
        is_last = due.asks >= len(FEE_SECONDS)
        account = await self._accounts.by_id(due.account_id)
        provider = self._providers.find(due.provider)
        if account is None or provider is None:
            _log.error("fees.no_account", charge_id=str(due.id))
            return is_last, None
        async with self._slots:
            answer: StatusResult = await provider.status(account, _payment(due))
        self._breakers.heard(account, "status", answer)
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
