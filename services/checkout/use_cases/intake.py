"""Taking callbacks in goes before applying them: what is stored is safe, and its provider waits for an answer.

A provider that was away, or that we were away from, sends all that it has at once, waits seconds for each answer, and
gives up an address that is too slow. So while callbacks crowd, those that are stored wait: until the crowd is over, and
at most for so long, and so many. A few large batches afterwards also cost far less than many small ones in between.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Gauge

CROWD: Final = 8
"""So many being stored at once are a crowd, if they go on coming: they come faster than they are stored."""
CROWD_COMES: Final = 100
CROWD_SECONDS: Final = 0.5
"""A crowd is so many in so short a time. Fewer pile up where the machine stands still for a moment; at 100 payments a
second nothing is put off."""
QUIET_SECONDS: Final = 0.05
"""A crowd is over when there was none for so long: those that a group answers send the next ones at once."""
BEHIND_SECONDS_MAX: Final = 3.0
BEHIND_MAX: Final = 4_000
"""After the one or the other, applying goes on beside the crowd until it has caught up. The last of so many takes about
6 s on two busy cores; after 10 s a charge is polled, and its provider asked for what a stored callback has said."""

BEHIND: Final = Gauge(
    "paylinks_callbacks_behind_seconds",
    "For how long stored callbacks have been waiting: to be applied, or for their provider to be asked.",
    ["work"],
)


class Intake:
    """How many callbacks are being stored right now, and how many came lately. `stored` counts all."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.stored = 0
        self._storing = 0
        self._came: deque[float] = deque(maxlen=CROWD_COMES)
        self._crowded_at = -QUIET_SECONDS

    @contextmanager
    def storing(self) -> Generator[None]:
        now = self._monotonic()
        self._storing += 1
        self._came.append(now)
        if self._storing >= CROWD and len(self._came) == CROWD_COMES and now - self._came[0] <= CROWD_SECONDS:
            self._crowded_at = now
        try:
            yield
            self.stored += 1
        finally:
            self._storing -= 1

    def quiet_in(self) -> float:
        """Seconds until the crowd may be over; 0 where there is none."""
        return max(0.0, self._crowded_at + QUIET_SECONDS - self._monotonic())


class GiveWay:
    """`apply` in rounds (it returns how many it found; `batch`: there may be more), between crowds."""

    def __init__(
        self,
        work: str,
        intake: Intake,
        *,
        apply: Callable[[], Awaitable[int]],
        batch: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._intake = intake
        self._apply = apply
        self._batch = batch
        self._monotonic = monotonic
        self._since: float | None = None
        self._stored_before = 0
        BEHIND.labels(work).set_function(self._behind)

    async def __call__(self) -> int:
        if self._since is None:
            self._since, self._stored_before = self._monotonic(), self._intake.stored
        await self._quiet()
        found = await self._apply()
        if found < self._batch:
            self._since = None
        return found

    async def _quiet(self) -> None:
        while (left := self._intake.quiet_in()) and self._may_wait():  # noqa: ASYNC110 - it is time that is waited for
            await asyncio.sleep(left)

    def _may_wait(self) -> bool:
        return self._behind() < BEHIND_SECONDS_MAX and self._intake.stored - self._stored_before < BEHIND_MAX

    def _behind(self) -> float:
        """For how long something that was stored may have been waiting; 0 when nothing is."""
        return self._monotonic() - self._since if self._since is not None else 0.0
