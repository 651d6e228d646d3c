"""The ticker that keeps mails going out."""

import asyncio
from typing import Final

from services.notify.use_cases.send_mails import BATCH, SendMails
from shared.kernel.faults import Unavailable
from shared.runtime.logs import logger
from shared.runtime.pace import Pace

POLL_SECONDS: Final = 1.0
ROUND_SECONDS_MIN: Final = 0.05
"""Between two batches that are not full: nobody waits for a mail so hard."""
UNREACHABLE_SECONDS_MIN: Final = 0.5
UNREACHABLE_SECONDS_MAX: Final = 30.0

_log = logger("courier")


class Courier:
    """Sends when it is rung, and looks by itself for what has come due or was left lying."""

    def __init__(self, send: SendMails) -> None:
        self._send = send
        self._bell = asyncio.Event()
        self._pace = Pace(ROUND_SECONDS_MIN)

    def ring(self) -> None:
        self._bell.set()

    async def run(self) -> None:
        pause = 0.0
        while True:
            self._bell.clear()
            self._pace.begin()
            try:
                batch = await self._send.once()
            except Unavailable as error:
                _log.warning("courier.interrupted", error=repr(error))
                pause = UNREACHABLE_SECONDS_MIN
            else:
                if batch.unreachable:
                    pause = min(max(pause * 2, UNREACHABLE_SECONDS_MIN), UNREACHABLE_SECONDS_MAX)
                elif batch.claimed == BATCH:
                    continue
                else:
                    pause = 0.0
            if pause:
                # Bells do not count now: every one of them would only knock at the same closed door.
                await asyncio.sleep(pause)
            else:
                await self._wait()
                await self._pace.rest()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._bell.wait(), POLL_SECONDS)
        except TimeoutError:
            return
