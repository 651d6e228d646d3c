"""Ends sessions whose time is over."""

from typing import Final

from services.checkout.store import session as store
from services.checkout.use_cases.live import Live
from shared.kernel.moment import Clock
from shared.runtime import outbox
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres

BATCH: Final = 200


class ExpireSessions:
    def __init__(self, postgres: Postgres, *, live: Live, wake: Wake, clock: Clock) -> None:
        self._postgres = postgres
        self._live = live
        self._wake = wake
        self._clock = clock

    async def __call__(self) -> int:
        """One round; returns how many were ended."""
        now = self._clock()
        async with self._postgres.transaction() as tx:
            facts = await store.expire_sessions(tx, now, limit=BATCH)
            await outbox.add(tx, facts, now=now)
        if facts:
            self._wake()
        for fact in facts:
            self._live.changed(fact.session_id)
        return len(facts)
