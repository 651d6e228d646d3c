"""What checkout does by itself: apply stored callbacks, ask providers, end sessions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from shared.kernel.faults import Unavailable
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
        self._bell = asyncio.Event()

    def ring(self) -> None:
        self._bell.set()

    async def run(self) -> None:
        while True:
            self._bell.clear()
            found = await self._round()
            if found >= self._batch:
                continue
            if found > 1:
                await asyncio.sleep(GATHER_SECONDS)
            try:
                await asyncio.wait_for(self._bell.wait(), self._every_seconds)
            except TimeoutError:
                continue

    async def _round(self) -> int:
        try:
            return await self._once()
        except Unavailable as error:
            _log.warning("job.interrupted", job=self._name, error=repr(error))
        except Exception as error:  # noqa: BLE001 - a job that has died would be missed for hours
            _log.error("job.failed", job=self._name, exc_info=error)
        await asyncio.sleep(self._every_seconds)
        return 0
