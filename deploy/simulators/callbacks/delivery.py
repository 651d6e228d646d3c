"""Sends callbacks that are due, and writes down what was answered.

A result is stored a moment after the answer, several in one commit. A crash in between sends that callback again:
at least once is what a provider promises.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from deploy.simulators.callbacks.client import BadAnswerError, CallbackClient
from deploy.simulators.callbacks.records import Attempt, Callback
from deploy.simulators.callbacks.store import CallbackStore
from deploy.simulators.process.log import log

IN_FLIGHT_MAX = 256
REPORT_EVERY_MS = 5_000
TRIED_AGAIN_AFTER_MS = 60_000
FLUSH_SECONDS = 0.02
FLUSH_AGAIN_SECONDS = 1.0
SUCCESS = range(200, 300)


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """When a callback that was not answered 2xx comes again: after each of `delays_ms`, then every `later_ms`.

    `later_ms` None: after the last of the delays it is given up.
    """

    delays_ms: tuple[int, ...]
    later_ms: int | None
    give_up_after_ms: int
    timeout_seconds: float


def after_attempt(callback: Callback, attempt: Attempt, retries: Retries) -> Callback:
    """The callback with its next try, if it gets one."""
    attempts = callback.attempts + 1
    if attempt.status in SUCCESS:
        return msgspec.structs.replace(callback, attempts=attempts, state="delivered", due_ms=None)
    delay_ms = retries.delays_ms[attempts - 1] if attempts <= len(retries.delays_ms) else retries.later_ms
    due_ms = attempt.at_ms + attempt.duration_ms + (delay_ms or 0)
    if delay_ms is None or not callback.retried or due_ms > callback.created_ms + retries.give_up_after_ms:
        return msgspec.structs.replace(callback, attempts=attempts, state="given_up", due_ms=None)
    return msgspec.structs.replace(callback, attempts=attempts, due_ms=due_ms)


class Delivery:
    """`headers_of` signs a callback as it goes out; None: whoever it was for has gone."""

    def __init__(
        self,
        store: CallbackStore,
        headers_of: Callable[[Callback, int], dict[str, str] | None],
        *,
        retries: Retries,
        now_ms: Callable[[], int],
        method: Literal["POST", "PUT"] = "POST",
    ) -> None:
        self._store = store
        self._headers_of = headers_of
        self._retries = retries
        self._now_ms = now_ms
        self._method = method
        self._client = CallbackClient(timeout_seconds=retries.timeout_seconds)
        self._waiting: deque[int] = deque()
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._results: list[tuple[Callback, Attempt]] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._refused, self._report_after_ms = 0, 0
        self.schedule: Callable[[int, int], None] = lambda _due_ms, _row: None

    def start(self, rows: Sequence[int]) -> None:
        self._waiting.extend(rows)
        self._fill()

    async def stop(self) -> None:
        for task in self._in_flight.values():
            task.cancel()
        await asyncio.gather(*self._in_flight.values(), return_exceptions=True)
        if self._flushing:
            self._flushing.cancel()
        self._flush()
        self._client.close()

    def _fill(self) -> None:
        while self._waiting and len(self._in_flight) < IN_FLIGHT_MAX:
            row = self._waiting.popleft()
            if row not in self._in_flight:
                self._in_flight[row] = task = asyncio.create_task(self._deliver(row))
                task.add_done_callback(lambda task, row=row: self._done(row, task))

    def _done(self, row: int, task: asyncio.Task[None]) -> None:
        del self._in_flight[row]
        if task.cancelled():
            return
        if error := task.exception():
            log(f"callback {row} will be tried again: {type(error).__name__}")
            self.schedule(self._now_ms() + TRIED_AGAIN_AFTER_MS, row)
        self._fill()

    async def _deliver(self, row: int) -> None:
        callback = self._store.callback(row)
        if callback is None or callback.due_ms is None:
            return
        at_ms = self._now_ms()
        if callback.due_ms > at_ms:
            self.schedule(callback.due_ms, row)
            return
        headers = self._headers_of(callback, at_ms)
        if headers is None:
            return
        status, error = None, None
        try:
            status = await self._client.send(self._method, callback.url, callback.body, headers=headers)
        except (OSError, TimeoutError, EOFError, BadAnswerError, ValueError) as failure:
            error = type(failure).__name__
        attempt = Attempt(
            callback=row, at_ms=at_ms, duration_ms=max(0, self._now_ms() - at_ms), status=status, error=error
        )
        self._results.append((after_attempt(callback, attempt, self._retries), attempt))
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        results = self._results
        if not results:
            return
        try:
            with self._store.transaction():
                for callback, attempt in results:
                    self._store.insert_attempt(attempt)
                    self._store.update_callback(callback)
        except sqlite3.Error as error:
            log(f"store unavailable, {len(results)} answers wait: {type(error).__name__}")
            self._flushing = asyncio.get_running_loop().call_later(FLUSH_AGAIN_SECONDS, self._flush)
            return
        self._results = []
        for callback, attempt in results:
            self._settle(callback, attempt)

    def _settle(self, callback: Callback, attempt: Attempt) -> None:
        answer = attempt.status or attempt.error or "nothing"
        if callback.due_ms is not None:
            self.schedule(callback.due_ms, callback.row)
            self._report(answer)
        elif callback.state == "given_up":
            log(f"callback {callback.event_id} answered {answer}: given up")

    def _report(self, answer: int | str) -> None:
        """One line now and then, however many callbacks a receiver that is down refuses."""
        self._refused += 1
        now_ms = self._now_ms()
        if now_ms >= self._report_after_ms:
            log(f"{self._refused} callbacks to retry, the last was answered {answer}")
            self._refused, self._report_after_ms = 0, now_ms + REPORT_EVERY_MS
