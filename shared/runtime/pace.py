"""Rounds of work, kept a little apart under load, so that each takes along what came in meanwhile.

Ten facts in one transaction cost little more than one. What comes alone, after a pause, waits for nothing.
"""

import asyncio
import time
from collections.abc import Callable


class Pace:
    def __init__(self, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._next = 0.0

    def begin(self) -> None:
        """A round begins now."""
        self._next = self._monotonic() + self._seconds

    async def rest(self) -> None:
        """Until the next round may begin: `seconds` after the beginning of the last."""
        left = self._next - self._monotonic()
        if left > 0:
            await asyncio.sleep(left)
