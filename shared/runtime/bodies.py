"""How long callers may take to send a body, and how many bodies one address may keep us waiting for.

A timer for every body would cost more than reading it: asyncio.timeout 4 us, a timer of the loop 2 us. Here a body that
is awaited is noted, which costs 1 us, and those that are late are looked for a few times in the whole bound.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from shared.kernel.faults import Fault

SECONDS_MAX: Final = 15.0
LARGE_TIMES: Final = 2
"""A route that takes more than others do waits as many times as long."""
PER_ADDRESS_MAX: Final = 200
SLOW_SHARE: Final = 0.1
"""A body is slow when it has taken so much of its time. One that comes with its head never is, however many do."""
LOOKS: Final = 8
PAUSE_SECONDS_MAX: Final = 1.0


class RequestTimeout(Fault):
    """The request did not come to its end in time, or too many others of the same address do not either."""

    code = "request_timeout"


class Bodies:
    """Those that are awaited in this process. `run` has to run beside the requests."""

    def __init__(
        self,
        seconds_max: float = SECONDS_MAX,
        *,
        per_address_max: int = PER_ADDRESS_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds_max = seconds_max
        self._per_address_max = per_address_max
        self._monotonic = monotonic
        self._awaited: dict[Awaiting, None] = {}

    def awaiting(self, client: str, *, large: bool) -> "Awaiting":
        """Around whatever reads the body."""
        return Awaiting(
            self._awaited, client, self._monotonic(), self.seconds_max * LARGE_TIMES if large else self.seconds_max
        )

    async def run(self) -> None:
        pause = min(PAUSE_SECONDS_MAX, self.seconds_max / LOOKS)
        while True:
            asleep = self._monotonic()
            await asyncio.sleep(pause)
            if self._monotonic() - asleep > 1.5 * pause:
                # The loop was held up: what came meanwhile is heard of first, and not taken for late.
                await asyncio.sleep(pause / LOOKS)
            self.look()

    def look(self) -> None:
        """Ends those that are late; and of an address with too many slow ones, those that came last."""
        now = self._monotonic()
        slow: Counter[str] = Counter()
        for one in tuple(self._awaited):
            waited = now - one.since
            if waited < self.seconds_max * SLOW_SHARE:
                continue
            slow[one.client] += 1
            if waited >= one.seconds_max or slow[one.client] > self._per_address_max:
                one.end()


class Awaiting:
    """Raises RequestTimeout inside, in the place of a cancellation, when it was ended."""

    __slots__ = ("_awaited", "_has_ended", "_task", "client", "seconds_max", "since")

    def __init__(self, awaited: "dict[Awaiting, None]", client: str, since: float, seconds_max: float) -> None:
        self._awaited = awaited
        self._has_ended = False
        self.client = client
        self.since = since
        self.seconds_max = seconds_max

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._awaited[self] = None
        return self

    def end(self) -> None:
        if self._task is not None and not self._has_ended:
            self._has_ended = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._awaited[self]
        if self._has_ended and self._task is not None:
            # As asyncio.timeout: somebody else may have cancelled the task as well, and is not to be overheard.
            others = self._task.uncancel()
            if kind is asyncio.CancelledError and not others:
                raise RequestTimeout from None
