"""What checkout does by itself: apply stored callbacks, ask providers, end sessions."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from msgspec import Struct

from services.checkout.use_cases import (
    answer_asks,
    apply_signals,
    ask_fees,
    expire_sessions,
    poll_charges,
    send_refunds,
)
from services.checkout.use_cases.answer_asks import AnswerAsks
from services.checkout.use_cases.ask_fees import AskFees
from services.checkout.use_cases.ask_provider import AskProvider
from services.checkout.use_cases.desk import Desk
from services.checkout.use_cases.expire_sessions import ExpireSessions
from services.checkout.use_cases.intake import GiveWay, Intake
from services.checkout.use_cases.poll_charges import PollCharges
from services.checkout.use_cases.reconcile import Reconcile
from services.checkout.use_cases.send_refunds import SendRefunds
from shared.kernel.faults import Unavailable
from shared.runtime.bell import Bell
from shared.runtime.logs import logger

APPLY_SECONDS: Final = 1.0
"""How soon callbacks are found that another replica stored and died over; its own are applied at once."""
POLL_SECONDS: Final = 1.0
EXPIRE_SECONDS: Final = 1.0
FEE_SECONDS: Final = 2.0
RECONCILE_SECONDS: Final = 1800.0
REFUND_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.01

_log = logger("jobs")


class Ticker:
    """Runs `once` again and again: at once after a full batch, else when rung, or after `every_seconds`.

    After a batch of several it lets more of them gather for a moment: under load a few large batches cost far less
    than many small ones, and a lone callback still waits for nothing.
    """

    def __init__(self, name: str, once: Callable[[], Awaitable[int]], *, every_seconds: float, batch: int) -> None:
        self._name = name
        self._once = once
        self._every_seconds = every_seconds
        self._batch = batch
        self._bell = Bell()

    def ring(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        while True:
            self._bell.clear()
            found = await self._round()
            if found >= self._batch:
                continue
            if found > 1:
                await asyncio.sleep(GATHER_SECONDS)
            await self._bell.wait(self._every_seconds)

    async def _round(self) -> int:
        try:
            return await self._once()
        except Unavailable as error:
            _log.warning("job.interrupted", job=self._name, error=repr(error))
        except Exception as error:  # noqa: BLE001 - a job that has died would be missed for hours
            _log.error("job.failed", job=self._name, exc_info=error)
        await asyncio.sleep(self._every_seconds)
        return 0


class Tickers(Struct, frozen=True):
    """`stored` is rung when a callback waits to be applied, `asks` when its provider is to be asked about it."""

    run: list[Callable[[], Coroutine[Any, Any, None]]]
    intake: Intake
    stored: Callable[[], None]
    asks: Callable[[], None]

    def replayed(self) -> None:
        self.stored()
        self.asks()


def tickers(desk: Desk, reconcile: Reconcile) -> Tickers:
    intake = Intake()
    applier, asker = _applier(desk, intake), _asker(desk, intake)
    return Tickers(
        [
            applier.run,
            asker.run,
            _poller(desk).run,
            _fee_asker(desk).run,
            _expirer(desk).run,
            Ticker("reconcile", reconcile.lately, every_seconds=RECONCILE_SECONDS, batch=1).run,
        ],
        intake,
        stored=applier.ring,
        asks=asker.ring,
    )


def _applier(desk: Desk, intake: Intake) -> Ticker:
    batch = apply_signals.BATCH
    applying = GiveWay("apply", intake, apply=desk.apply_signals.waiting_callbacks, batch=batch)
    return Ticker("apply", applying, every_seconds=APPLY_SECONDS, batch=batch)


def _asker(desk: Desk, intake: Intake) -> Ticker:
    questions = AnswerAsks(
        desk.runtime.postgres,
        ask=_questions(desk, at_once_max=answer_asks.AT_ONCE_MAX),
        apply_signals=desk.apply_signals,
        clock=desk.runtime.clock,
    )
    asking = GiveWay("ask", intake, apply=questions, batch=answer_asks.BATCH)
    return Ticker("ask", asking, every_seconds=APPLY_SECONDS, batch=answer_asks.BATCH)


def _poller(desk: Desk) -> Ticker:
    polls = PollCharges(
        desk.runtime.postgres,
        ask=_questions(desk, at_once_max=poll_charges.AT_ONCE_MAX),
        apply_signals=desk.apply_signals,
        links=desk.links,
        clock=desk.runtime.clock,
    )
    return Ticker("poll", polls, every_seconds=POLL_SECONDS, batch=poll_charges.BATCH)


def _fee_asker(desk: Desk) -> Ticker:
    fees = AskFees(
        desk.runtime.postgres,
        ask=_questions(desk, at_once_max=ask_fees.AT_ONCE_MAX),
        apply_signals=desk.apply_signals,
        clock=desk.runtime.clock,
    )
    return Ticker("fees", fees, every_seconds=FEE_SECONDS, batch=ask_fees.BATCH)


def _questions(desk: Desk, *, at_once_max: int) -> AskProvider:
    return AskProvider(desk.providers, desk.accounts, breakers=desk.breakers, at_once_max=at_once_max)


def _expirer(desk: Desk) -> Ticker:
    expiry = ExpireSessions(desk.runtime.postgres, live=desk.live, wake=desk.runtime.wake, clock=desk.runtime.clock)
    return Ticker("expire", expiry, every_seconds=EXPIRE_SECONDS, batch=expire_sessions.BATCH)


def refunder(desk: Desk) -> Ticker:
    """What sends refunds to their providers; rung as one is asked for."""
    sending = SendRefunds(
        desk.runtime.postgres,
        desk.providers,
        accounts=desk.accounts,
        wake=desk.runtime.wake,
        clock=desk.runtime.clock,
    )
    return Ticker("refund", sending, every_seconds=REFUND_SECONDS, batch=send_refunds.BATCH)
