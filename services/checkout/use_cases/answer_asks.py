"""Callbacks that prove nothing by themselves: their provider is asked, and its word is applied."""

import asyncio
from typing import Final

from services.checkout.providers.port import Absent, Accepted, Payment, PaymentFound, Unreachable
from services.checkout.store import callback as store
from services.checkout.store import charge as charges
from services.checkout.store import refund as refunds
from services.checkout.store.callback import Question
from services.checkout.store.charge import Changes
from services.checkout.use_cases.apply_signals import ApplySignals
from services.checkout.use_cases.ask_provider import AskProvider
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
        ask: AskProvider,
        apply_signals: ApplySignals,
        clock: Clock,
    ) -> None:
        self._postgres = postgres
        self._ask = ask
        self._apply = apply_signals
        self._clock = clock

    async def __call__(self) -> int:
        """One round; returns how many were due. One that finds no answer comes again later."""
        due = await store.claim_questions(self._postgres, self._clock(), limit=BATCH)
        outcomes = await asyncio.gather(*(self._asked(one) for one in due), return_exceptions=True)
        for one, outcome in zip(due, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                _log.error("callbacks.ask_failed", callback=str(one.id), error=repr(outcome))
        return len(due)

    async def _asked(self, question: Question) -> None:
        payment = _payment(question)
        if payment is None:
            await self._whose(question)
            return
        told = await self._ask.status(question.account_id, question.provider, payment)
        if told is None:
            _log.error("callbacks.no_account", callback=str(question.id), provider=question.provider)
            return
        _, answer = told
        match answer:
            case Accepted(state=state):
                await self._apply.answered(question.id, state)
            case Absent():
                if question.tries >= ABSENT_TRIES:
                    await self._apply.answered(question.id, None)
            case Unreachable():
                _log.warning("callbacks.ask_unanswered", callback=str(question.id), provider=question.provider)

    async def _whose(self, question: Question) -> None:
        """Of a payment that we do not know by this name the provider may know ours."""
        found = await self._ask.reference(question.account_id, question.provider, question.asks_for)
        match found:
            case None:
                await self._apply.answered(question.id, None)
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
