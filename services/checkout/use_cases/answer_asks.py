"""Callbacks that prove nothing by themselves: their provider is asked, and its word is applied."""

import asyncio
from typing import Final

from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    FindsPayments,
    Payment,
    PaymentFound,
    Provider,
    Unreachable,
)
from services.checkout.providers.registry import Providers
from services.checkout.store import callback as store
from services.checkout.store import charge as charges
from services.checkout.store import refund as refunds
from services.checkout.store.callback import Question
from services.checkout.store.charge import Changes
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import ApplySignals
from services.checkout.use_cases.breakers import Breakers
from shared.kernel.moment import Clock
from shared.kernel.money import Money
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

BATCH: Final = 50
AT_ONCE_MAX: Final = 8
ABSENT_TRIES: Final = 4
"""A provider may tell us of a payment a moment before its own status request knows it."""

_log = logger("callbacks")


class AnswerAsks:
    def __init__(
        self,
        postgres: Postgres,
        *,
        providers: Providers,
        accounts: Accounts,
        apply_signals: ApplySignals,
        breakers: Breakers,
        clock: Clock,
    ) -> None:
        self._postgres = postgres
        self._providers = providers
        self._accounts = accounts
        self._apply = apply_signals
        self._breakers = breakers
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)

    async def __call__(self) -> int:
        """One round; returns how many were due. One that finds no answer comes again later."""
        due = await store.claim_questions(self._postgres, self._clock(), limit=BATCH)
        outcomes = await asyncio.gather(*(self._ask(one) for one in due), return_exceptions=True)
        for one, outcome in zip(due, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                _log.error("callbacks.ask_failed", callback=str(one.id), error=repr(outcome))
        return len(due)

    async def _ask(self, question: Question) -> None:
        account = await self._accounts.by_id(question.account_id)
        provider = self._providers.find(question.provider)
        payment = _payment(question)
        if account is None or provider is None:
            if payment is None:
                await self._apply.answered(question.id, None)
            else:
                _log.error("callbacks.no_account", callback=str(question.id), provider=question.provider)
            return
        if payment is None:
            await self._whose(question, account, provider)
            return
        async with self._slots:
            answer = await provider.status(account, payment)
        self._breakers.heard(account, "status", answer)
        match answer:
            case Accepted(state=state):
                await self._apply.answered(question.id, state)
            case Absent():
                if question.tries >= ABSENT_TRIES:
                    await self._apply.answered(question.id, None)
            case Unreachable():
                _log.warning("callbacks.ask_unanswered", callback=str(question.id), provider=question.provider)

    async def _whose(self, question: Question, account: Account, provider: Provider) -> None:
        """Of a payment that we do not know by this name the provider may know ours."""
        if not isinstance(provider, FindsPayments):
            await self._apply.answered(question.id, None)
            return
        async with self._slots:
            found = await provider.find_reference(account, question.asks_for)
        match found:
            case PaymentFound(reference=reference):
                await self._name(question, reference)
            case Absent():
                nothing_of_ours = Changes(verdicts=[(question.id, "ignored", None)])
                await charges.write_changes(self._postgres, nothing_of_ours, self._clock())
            case Unreachable():
                _log.warning("callbacks.whose_unanswered", callback=str(question.id), provider=question.provider)

    async def _name(self, question: Question, reference: str) -> None:
        """Keeps the name, and has the callback applied again, which finds the payment by it."""
        async with self._postgres.transaction() as tx:
            named = await refunds.name_payment(
                tx, question.account_id, reference=reference, payment_id=question.asks_for
            )
            if named:
                await store.whose_is_known(tx, question.id)
        if not named:
            await self._apply.answered(question.id, None)


def _payment(question: Question) -> Payment | None:
    if question.reference is None or question.method is None or question.created_at is None:
        return None
    if question.total_minor is None or question.currency is None:
        return None
    return Payment(
        reference=question.reference,
        provider_id=question.provider_id,
        method=question.method,
        total=Money(question.total_minor, question.currency),
        created_at=question.created_at,
    )
