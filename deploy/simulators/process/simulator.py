"""What every simulator runs on: its store, one scheduler, and callbacks that are delivered beside its requests."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import ASGIApp

from deploy.simulators.callbacks.delivery import Delivery, Retries
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.callbacks.store import CallbackStore
from deploy.simulators.process.log import log
from deploy.simulators.process.moments import now_ms
from deploy.simulators.process.scheduler import Scheduler
from shared.runtime.unread import reads_to_the_end

CHECKPOINT_SECONDS = 5.0
BODY_BYTES_MAX = 32 * 1024


class Simulator:
    """A simulator calls `answer_by`, and extends `resume` by what else is due."""

    http: ASGIApp

    def __init__(
        self,
        store: CallbackStore,
        headers_of: Callable[[Callback, int], dict[str, str] | None],
        *,
        retries: Retries,
        method: Literal["POST", "PUT"] = "POST",
    ) -> None:
        self.stopping = asyncio.Event()
        self.scheduler = Scheduler(now_ms)
        self._callback_store = store
        self._delivery = Delivery(store, headers_of, retries=retries, now_ms=now_ms, method=method)
        self.schedule_callback = self.scheduler.register(self._delivery.start)
        self._delivery.schedule = self.schedule_callback
        self._background: list[asyncio.Task[None]] = []

    def answer_by(
        self,
        routes: Sequence[Any],
        exception_handlers: Mapping[Any, Any],
        state: Mapping[str, Any],
        *,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> None:
        """`state` is what the routes find in `app.state`, beside `stopping`."""
        app = Litestar(
            route_handlers=list(routes),
            exception_handlers=dict(exception_handlers),
            request_max_body_size=body_bytes_max,
            state=State({**state, "stopping": self.stopping}),
            openapi_config=None,
            logging_config=None,
        )
        self.http = reads_to_the_end(app)

    def resume(self) -> int:
        """Schedule what the store says is due; answers how much that is."""
        due = self._callback_store.due_callbacks()
        for row, due_ms in due:
            self.schedule_callback(due_ms, row)
        return len(due)

    def start(self) -> None:
        if resumed := self.resume():
            log(f"resumed {resumed} steps and callbacks")
        for work in (self.scheduler.run(), self._checkpoint()):
            task: asyncio.Task[Any] = asyncio.create_task(work)
            task.add_done_callback(self._ended)
            self._background.append(task)

    async def stop(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._delivery.stop()
        self._callback_store.close()

    async def _checkpoint(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            try:
                await asyncio.to_thread(self._callback_store.checkpoint)
            except (OSError, sqlite3.Error) as error:
                log(f"checkpoint: {type(error).__name__}")

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A scheduler that died would leave a provider that looks alive: better to stop and be restarted."""
        if not task.cancelled() and (error := task.exception()):
            log(f"stopping: background work ended with {type(error).__name__}")
            self.stopping.set()
