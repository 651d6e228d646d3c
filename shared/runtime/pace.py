"""Rounds of work, kept a little apart under load, so that each takes along what came in meanwhile.

Ten facts in one transaction cost little more than one. What comes alone, after a pause, waits for nothing.
"""

import asyncio
import time
from collections.abc import Callable


class Pace:
    """Rounds begin at least `seconds` apart; `crowd_seconds` where at least `crowd` things come in that time."""

    def __init__(
        self,
        seconds: float,
        *,
        crowd: int = 0,
        crowd_seconds: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._crowd = crowd
        self._crowd_seconds = crowd_seconds
        self._monotonic = monotonic
        self._began = self._next = 0.0
        self._since_last = 0.0

    def begin(self) -> None:
        """A round begins now."""
        now = self._monotonic()
        self._since_last = now - self._began
        self._began, self._next = now, now + self._seconds

    def took(self, count: int) -> None:
        """The round took so many, which have come since the last one began."""
        if self._crowd and count * self._crowd_seconds >= self._crowd * self._since_last:
            self._next = self._began + self._crowd_seconds

    async def rest(self) -> None:
        """Until the next round may begin."""
        left = self._next - self._monotonic()
        if left > 0:
            await asyncio.sleep(left)
