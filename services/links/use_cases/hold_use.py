import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from services.links.domain import uses as decisions
from services.links.domain.batch import Ask
from services.links.domain.uses import Change
from services.links.store import uses
from services.links.use_cases.change_uses import change_uses
from shared.contracts.links import (
    AllUsesHeld,
    CouponIsRefused,
    HoldUse,
    HoldUseReply,
    LinkMissing,
    UseIsHeld,
    UseIsRefused,
)
from shared.kernel.moment import Clock
from shared.runtime.postgres import Postgres
from shared.runtime.tracing import current_traceparent

BATCH: Final = 128
RETRY_SOON: Final = timedelta(seconds=5)

_Waiting = tuple[HoldUse, str | None, "asyncio.Future[HoldUseReply]"]


class Holds:
    """Holds uses for buyers. Those who ask at the same moment are served in one transaction.

    Sixty buyers of one link would otherwise wait for its lock, and for the disk, one after the other.
    """

    def __init__(self, pg: Postgres, clock: Clock, committed: Callable[[], None]) -> None:
        self._pg = pg
        self._clock = clock
        self._committed = committed
        self._waiting: list[_Waiting] = []
        self._serving: asyncio.Task[None] | None = None

    async def hold(self, ask: HoldUse) -> HoldUseReply:
        """Keeps one use for the session until `held_until`, or says why not.

        Raises:
            Unavailable: the database does not answer; nothing was held.
        """
        answer: asyncio.Future[HoldUseReply] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, current_traceparent(), answer))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(), name="holds")
        return await answer

    async def _serve(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                replies = await self._hold([(ask, traceparent) for ask, traceparent, _ in batch])
            except Exception as error:  # noqa: BLE001 - whoever waits is told, and the next batch has its own chance
                for _, _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, _, answer), reply in zip(batch, replies, strict=True):
                if not answer.done():
                    answer.set_result(reply)

    async def _hold(self, batch: list[tuple[HoldUse, str | None]]) -> list[HoldUseReply]:
        now = self._clock()
        asks = [
            Ask(
                org_id=ask.org_id,
                link_id=ask.link_id,
                session_id=ask.session_id,
                charge_id=ask.charge_id,
                decide=partial(decisions.hold, ask=ask, now=now),
                traceparent=traceparent,
                coupon_id=ask.coupon_id,
            )
            for ask, traceparent in batch
        ]
        async with self._pg.transaction() as tx:
            outcome = await change_uses(tx, asks, now=now)
            full = {
                ask.link_id for ask, change in zip(asks, outcome.changes, strict=True) if change and change.all_held
            }
            earliest = await uses.earliest_held(tx, sorted(full)) if full else {}
        if outcome.facts:
            self._committed()
        return [
            _reply(ask, change, retry_at=earliest.get(ask.link_id, now + RETRY_SOON))
            for (ask, _), change in zip(batch, outcome.changes, strict=True)
        ]


def _reply(ask: HoldUse, change: Change | None, *, retry_at: datetime) -> HoldUseReply:
    if change is None:
        return LinkMissing()
    if change.refusal is not None:
        return UseIsRefused(change.refusal.reason, change.refusal.since)
    if change.all_held:
        return AllUsesHeld(retry_at)
    if change.coupon_refusal is not None:
        return CouponIsRefused(change.coupon_refusal)
    held_until = change.use.held_until if change.use else None
    return UseIsHeld(held_until or ask.held_until)
