"""One heap of what is due and one task that empties it.

The heap holds only row numbers: the rows are in the store, so a crash forgets nothing, and an entry whose row has gone
or has moved means nothing.
"""

import asyncio
import heapq
import sqlite3
from collections.abc import Callable, Sequence

from deploy.simulators.process.log import log

BATCH_MAX = 256
RETRY_AFTER_MS = 1_000

Work = Callable[[Sequence[int]], None]


class Scheduler:
    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._heap: list[tuple[int, int, int]] = []
        self._work: list[Work] = []
        self._wake = asyncio.Event()

    def register(self, work: Work) -> Callable[[int, int], None]:
        """A function that schedules a row (due time in ms, row) to be given to `work`, which must not block."""
        kind = len(self._work)
        self._work.append(work)

        def schedule(due_ms: int, row: int) -> None:
            entry = (due_ms, row, kind)
            heapq.heappush(self._heap, entry)
            if self._heap[0] is entry:
                self._wake.set()

        return schedule

    async def run(self) -> None:
        while True:
            self._wake.clear()
            self._empty()
            delay_seconds = (self._heap[0][0] - self._now_ms()) / 1_000 if self._heap else None
            try:
                async with asyncio.timeout(None if delay_seconds is None else max(0.0, delay_seconds)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _empty(self) -> None:
        """Do what is due now, in batches of one kind, so that a burst shares commits."""
        now_ms = self._now_ms()
        due: list[list[int]] = [[] for _ in self._work]
        for _ in range(BATCH_MAX):
            if not self._heap or self._heap[0][0] > now_ms:
                break
            _, row, kind = heapq.heappop(self._heap)
            due[kind].append(row)
        for kind, rows in enumerate(due):
            if rows:
                self._run_batch(kind, rows)

    def _run_batch(self, kind: int, rows: list[int]) -> None:
        try:
            self._work[kind](rows)
        except sqlite3.Error as error:
            # A full disk empties again one day; until then nothing may be forgotten.
            log(f"store unavailable, {len(rows)} due rows wait: {type(error).__name__}")
            for row in rows:
                heapq.heappush(self._heap, (self._now_ms() + RETRY_AFTER_MS, row, kind))
