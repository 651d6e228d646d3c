"""The composition root: every part, built once and handed to the others."""

import asyncio
import sqlite3
from typing import Any

from litestar import Litestar
from litestar.datastructures import State

from deploy.simulators.sandbox.delivery import Delivery
from deploy.simulators.sandbox.log import log
from deploy.simulators.sandbox.moments import now_ms
from deploy.simulators.sandbox.problems import EXCEPTION_HANDLERS
from deploy.simulators.sandbox.provider import Provider
from deploy.simulators.sandbox.refunds import Refunds
from deploy.simulators.sandbox.routes.api import API_ROUTES
from deploy.simulators.sandbox.routes.control import CONTROL_ROUTES
from deploy.simulators.sandbox.routes.field import FIELD_ROUTES
from deploy.simulators.sandbox.routes.pages import PAGE_ROUTES
from deploy.simulators.sandbox.routes.refunds import REFUND_ROUTES
from deploy.simulators.sandbox.scheduler import Scheduler
from deploy.simulators.sandbox.settings import Settings
from deploy.simulators.sandbox.store import Store
from deploy.simulators.sandbox.wire import BODY_BYTES_MAX
from shared.runtime.unread import reads_to_the_end

CHECKPOINT_SECONDS = 5.0
ANSWERS_KEPT_MS = 7 * 24 * 60 * 60 * 1_000


class Sandbox:
    def __init__(self, settings: Settings) -> None:
        """Raises: SettingsError: its data folder cannot be used."""
        self.stopping = asyncio.Event()
        self._store = Store(settings.data)
        self._scheduler = Scheduler(now_ms)
        self._provider = Provider(self._store, settings, scheduler=self._scheduler, now_ms=now_ms)
        self._refunds = Refunds(self._provider, self._scheduler)
        self._delivery = Delivery(self._store, self._provider.secret_of, now_ms=now_ms)
        schedule_callback = self._scheduler.register(self._delivery.start)
        self._provider.schedule_callback = schedule_callback
        self._delivery.schedule = schedule_callback
        self._background: list[asyncio.Task[None]] = []
        routes = Litestar(
            route_handlers=[*API_ROUTES, *REFUND_ROUTES, *CONTROL_ROUTES, *PAGE_ROUTES, *FIELD_ROUTES],
            exception_handlers=EXCEPTION_HANDLERS,
            request_max_body_size=BODY_BYTES_MAX,
            state=State({"provider": self._provider, "refunds": self._refunds, "stopping": self.stopping}),
            openapi_config=None,
            logging_config=None,
        )
        self.http = reads_to_the_end(routes)

    def start(self) -> None:
        now = now_ms()
        self._store.forget(answers_before_ms=now - ANSWERS_KEPT_MS, tokens_before_ms=now)
        resumed = self._provider.resume() + self._refunds.resume()
        if resumed:
            log(f"resumed {resumed} steps and callbacks")
        for work in (self._scheduler.run(), self._checkpoint()):
            task: asyncio.Task[Any] = asyncio.create_task(work)
            task.add_done_callback(self._ended)
            self._background.append(task)

    async def stop(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._delivery.stop()
        self._store.close()

    async def _checkpoint(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            try:
                await asyncio.to_thread(self._store.checkpoint)
            except (OSError, sqlite3.Error) as error:
                log(f"checkpoint: {type(error).__name__}")

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A scheduler that died would leave a provider that looks alive: better to stop and be restarted."""
        if not task.cancelled() and (error := task.exception()):
            log(f"stopping: background work ended with {type(error).__name__}")
            self.stopping.set()
