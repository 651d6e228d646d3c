"""Sends callbacks that are due, and writes down what was answered. A crash in between sends one again."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from deploy.simulators.callbacks.client import BadAnswerError, CallbackClient
from deploy.simulators.kit.records import Callback
from deploy.simulators.kit.store import Store

TIMEOUT_SECONDS = 10.0
SUCCESS = range(200, 300)


class Delivery:
    """`retry_delays_ms`: after each failed attempt; none left, it is given up."""

    def __init__(self, store: Store, *, retry_delays_ms: tuple[int, ...], now_ms: Callable[[], int]) -> None:
        self._store = store
        self._delays = retry_delays_ms
        self._now_ms = now_ms
        self._client = CallbackClient(timeout_seconds=TIMEOUT_SECONDS)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.schedule: Callable[[int, int], None] = lambda _due_ms, _row: None

    def start(self, rows: Sequence[int]) -> None:
        for row in rows:
            if row not in self._tasks:
                self._tasks[row] = task = asyncio.create_task(self._deliver(row))
                task.add_done_callback(lambda _, row=row: self._tasks.pop(row, None))

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._client.close()

    async def _deliver(self, row: int) -> None:
        callback = self._store.callback(row)
        if callback is None or callback.due_ms is None:
            return
        message = callback.message
        try:
            answer: int | str = await self._client.send(
                message.method, message.url, message.body, headers=message.headers
            )
        except (OSError, TimeoutError, EOFError, BadAnswerError, ValueError) as error:
            answer = type(error).__name__
        after = self._after(callback, answer)
        self._store.put_callback(after)
        if after.due_ms is not None:
            # Not from within this task: a row that is under way is not started a second time.
            asyncio.get_running_loop().call_soon(self.schedule, after.due_ms, row)

    def _after(self, callback: Callback, answer: int | str) -> Callback:
        answers = [*callback.answers, answer]
        if answer in SUCCESS:
            return msgspec.structs.replace(callback, answers=answers, state="delivered", due_ms=None)
        if not callback.retried or len(answers) > len(self._delays):
            return msgspec.structs.replace(callback, answers=answers, state="given_up", due_ms=None)
        due_ms = self._now_ms() + self._delays[len(answers) - 1]
        return msgspec.structs.replace(callback, answers=answers, due_ms=due_ms)
