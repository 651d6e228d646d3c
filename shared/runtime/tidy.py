"""Forgets what has served its time, a little at a time: published facts, old inbox rows, old idempotency keys."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from shared.kernel.faults import Unavailable
from shared.kernel.moment import Clock
from shared.runtime import inbox, outbox
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres
from shared.runtime.queries import statements

EVERY_SECONDS: Final = 600
CHUNK: Final = 5000
"""Rows a statement deletes (it stands in the SQL): no statement runs long, and none holds up the others."""
PAUSE_SECONDS: Final = 0.05
OUTBOX_KEPT: Final = timedelta(days=7)
"""As long as NATS may have to be rebuilt from the outbox."""
INBOX_KEPT: Final = timedelta(days=30)
"""Longer than a fact can come again: streams keep 14 days, the outbox 7."""
IDEMPOTENCY_KEPT: Final = timedelta(days=3)

_outbox = statements(outbox.__file__)
_inbox = statements(inbox.__file__)
_log = logger("tidy")


class Tidy:
    def __init__(self, postgres: Postgres, clock: Clock) -> None:
        self._postgres = postgres
        self._clock = clock

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except Unavailable as error:
                _log.warning("tidy.interrupted", error=repr(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self) -> None:
        now = self._clock()
        await self._forget(_outbox["forget_sent"], now - OUTBOX_KEPT)
        await self._forget(_inbox["forget_inbox"], now - INBOX_KEPT)
        await self._forget(_inbox["forget_idempotency"], now - IDEMPOTENCY_KEPT)

    async def _forget(self, statement: str, before: datetime) -> None:
        while True:
            if await self._postgres.execute(statement, before) != f"DELETE {CHUNK}":
                return
            await asyncio.sleep(PAUSE_SECONDS)
