"""Asks providers to give money back: the first time, after an answer that never came, and what is still pending.

Only the first attempt asks outright. Every later one asks first whether the provider has the refund, and repeats it
under the same reference when that is surely not so.
"""

import asyncio
from datetime import datetime
from typing import Final

from services.checkout.domain.charge import ABSENT_AFTER, ABSENT_AFTER_ERROR
from services.checkout.domain.refund import Captured, Refund, RefundState, ask_again_at, judge_refund, refuse
from services.checkout.providers.port import (
    Absent,
    NotSent,
    Payment,
    RefundOrder,
    RefundResult,
    Refused,
    Unknown,
)
from services.checkout.providers.registry import Providers
from services.checkout.store import refund as store
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.refund_charge import write_refund_change
from shared.kernel.moment import Clock
from shared.runtime.crash import crash_point
from shared.runtime.logs import logger
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres
from shared.runtime.tracing import continue_trace

BATCH: Final = 20
AT_ONCE_MAX: Final = 4
LEASE_SECONDS: Final = 30.0

_log = logger("refunds")


class SendRefunds:
    def __init__(
        self, postgres: Postgres, providers: Providers, *, accounts: Accounts, wake: Wake, clock: Clock
    ) -> None:
        self._postgres = postgres
        self._providers = providers
        self._accounts = accounts
        self._wake = wake
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)

    async def __call__(self) -> int:
        """One round; returns how many refunds were due."""
        due = await store.claim_due(self._postgres, self._clock(), limit=BATCH, lease_seconds=LEASE_SECONDS)
        await asyncio.gather(*(self._one(refund) for refund in due))
        if due:
            self._wake()
        return len(due)

    async def _one(self, refund: Refund) -> None:
        provider = self._providers.find(refund.provider)
        account = await self._accounts.if_opened(refund.account_id)
        if provider is None or account is None:
            _log.error("refunds.no_account", refund_id=str(refund.id))
            return
        continue_trace(refund.traceparent)
        order = await self._order(refund)
        crash_point("refund.claimed")
        async with self._slots:
            if refund.attempts == 1:
                result = await provider.refund(account, order)
            else:
                status = await provider.refund_status(account, order, refund.provider_id)
                if isinstance(status, RefundState):
                    result = status
                elif isinstance(status, Absent) and refund.status == "created" and refund.absent_after <= self._clock():
                    result = await provider.refund(account, order)
                else:
                    if isinstance(status, Absent) and refund.status == "pending":
                        _log.error("refunds.provider_lost_refund", refund_id=str(refund.id))
                    result = None
        crash_point("refund.sent")
        await self._write_down(refund, result)

    async def _order(self, refund: Refund) -> RefundOrder:
        async with self._postgres.transaction() as tx:
            captured = await store.lock_captured(tx, refund.charge_id)
        assert captured is not None  # charges with refunds are never deleted
        return RefundOrder(
            reference=refund.reference, payment=_payment(captured), amount=refund.amount, reason=refund.reason
        )

    async def _write_down(self, refund: Refund, result: RefundResult | None) -> None:
        now = self._clock()
        match result:
            case RefundState() | Refused():
                await self._settle(refund, result, now)
            case Unknown(answered=True):
                absent_after = now + ABSENT_AFTER_ERROR
                await store.ask_again(
                    self._postgres, refund.id, at=ask_again_at(refund, now), absent_after=absent_after
                )
            case Unknown():
                await store.ask_again(
                    self._postgres, refund.id, at=ask_again_at(refund, now), absent_after=now + ABSENT_AFTER
                )
            case NotSent():
                await store.ask_again(self._postgres, refund.id, at=ask_again_at(refund, now), absent_after=now)
            case None:
                await store.ask_again(self._postgres, refund.id, at=ask_again_at(refund, now), absent_after=None)

    async def _settle(self, claimed: Refund, said: RefundState | Refused, now: datetime) -> None:
        """A callback may have been faster: what is believed is decided on the locked row."""
        async with self._postgres.transaction() as tx:
            captured = await store.lock_captured(tx, claimed.charge_id)
            refund = await store.read_refund(tx, claimed.id)
            assert captured is not None
            if isinstance(said, RefundState):
                verdict, after = judge_refund(refund, said, now=now)
            elif refund.status == "created":
                verdict, after = "accepted", refuse(refund, said.code, now=now)
            else:
                verdict, after = "out_of_order", refund
            if after is not refund:
                await write_refund_change(tx, captured, before=refund, after=after, now=now)
            crash_point("refund.before-commit")
        if after is refund and refund.status in {"created", "pending"}:
            if verdict != "duplicate":
                _log.error("refunds.contradicted", refund_id=str(refund.id), verdict=verdict)
            await store.ask_again(self._postgres, refund.id, at=ask_again_at(refund, now), absent_after=None)


def _payment(captured: Captured) -> Payment:
    return Payment(
        reference=captured.reference,
        provider_id=captured.provider_id,
        method=captured.method,
        total=captured.total,
        created_at=captured.created_at,
    )
