"""The tickers: they keep mails and webhooks going out, find links whose time has come, remind, and erase codes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from services.notify.domain.webhook_attempt import SETTLE
from services.notify.use_cases.link_mails import BATCH as LINKS_AT_ONCE
from services.notify.use_cases.link_mails import intend_link_mails
from services.notify.use_cases.otp import forget_codes
from services.notify.use_cases.reminders import BATCH as LOOKS_AT_ONCE
from services.notify.use_cases.reminders import intend_reminders
from services.notify.use_cases.renewals import intend_renewals
from services.notify.use_cases.send_mails import BATCH, SendMails
from services.notify.use_cases.send_webhooks import RENEW_SECONDS, SendWebhooks
from services.notify.use_cases.tidy_webhooks import close_webhooks, forget_webhooks
from shared.kernel.faults import Unavailable
from shared.kernel.moment import Clock
from shared.runtime.bell import Bell
from shared.runtime.logs import logger
from shared.runtime.pace import Pace
from shared.runtime.postgres import Postgres

POLL_SECONDS: Final = 1.0
ROUND_SECONDS_MIN: Final = 0.05
"""Between two batches that are not full: nobody waits for a mail so hard."""
UNREACHABLE_SECONDS_MIN: Final = 0.5
UNREACHABLE_SECONDS_MAX: Final = 30.0
ERASE_SECONDS: Final = 5.0
SCHEDULE_SECONDS: Final = 1.0
WEBHOOK_ROUND_SECONDS_MIN: Final = 0.02
FORGET_EVERY_ROUNDS: Final = 600
REMIND_SECONDS: Final = 5.0

_log = logger("courier")


class Courier:
    """Sends when it is rung, and looks by itself for what has come due or was left lying."""

    def __init__(self, send: SendMails) -> None:
        self._send = send
        self._bell = Bell()
        self._pace = Pace(ROUND_SECONDS_MIN)

    def ring(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        pause = 0.0
        while True:
            self._bell.clear()
            self._pace.begin()
            try:
                batch = await self._send.once()
            except Unavailable as error:
                _log.warning("courier.interrupted", error=repr(error))
                pause = UNREACHABLE_SECONDS_MIN
            else:
                if batch.unreachable:
                    pause = min(max(pause * 2, UNREACHABLE_SECONDS_MIN), UNREACHABLE_SECONDS_MAX)
                elif batch.claimed == BATCH:
                    continue
                else:
                    pause = 0.0
            if pause:
                # Bells do not count now: every one of them would only knock at the same closed door.
                await asyncio.sleep(pause)
            else:
                await self._bell.wait(POLL_SECONDS)
                await self._pace.rest()


class Scheduler:
    """Puts the mails of links into the ledger when their time comes, never before, and rings the courier."""

    def __init__(self, postgres: Postgres, clock: Clock, *, message_host: str, intended: Callable[[], None]) -> None:
        self._postgres = postgres
        self._clock = clock
        self._message_host = message_host
        self._intended = intended
        self._bell = Bell()

    def ring(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        while True:
            self._bell.clear()
            due = 0
            try:
                due = await intend_link_mails(self._postgres, message_host=self._message_host, now=self._clock())
            except Unavailable as error:
                _log.warning("scheduler.interrupted", error=repr(error))
            if due:
                self._intended()
            if due < LINKS_AT_ONCE:
                await self._bell.wait(SCHEDULE_SECONDS)


class Reminding:
    """Puts reminders of links and of plans into the ledger when their time comes; the courier finds them."""

    def __init__(self, postgres: Postgres, clock: Clock, *, message_host: str, told: Callable[[], None]) -> None:
        self._postgres = postgres
        self._clock = clock
        self._message_host = message_host
        self._told = told

    async def run(self) -> None:
        while True:
            looked = 0
            try:
                looked = await intend_reminders(self._postgres, message_host=self._message_host, now=self._clock())
                buyers = await intend_renewals(self._postgres, message_host=self._message_host, now=self._clock())
                if buyers:
                    self._told()
                looked = max(looked, buyers)
            except Unavailable as error:
                _log.warning("reminding.interrupted", error=repr(error))
            if looked < LOOKS_AT_ONCE:
                await asyncio.sleep(REMIND_SECONDS)


class CodeEraser:
    """A sealed code outlives its ten minutes by seconds only, whatever became of its mail."""

    def __init__(self, postgres: Postgres, clock: Clock) -> None:
        self._postgres = postgres
        self._clock = clock

    async def run(self) -> None:
        while True:
            try:
                await forget_codes(self._postgres, self._clock())
            except Unavailable as error:
                _log.warning("eraser.interrupted", error=repr(error))
            await asyncio.sleep(ERASE_SECONDS)


class WebhookCourier:
    """Sends webhooks when it is rung, and looks by itself for what has come due or was left lying."""

    def __init__(self, postgres: Postgres, clock: Clock) -> None:
        self._postgres = postgres
        self._clock = clock
        self._bell = Bell()
        self._pace = Pace(WEBHOOK_ROUND_SECONDS_MIN)

    def ring(self) -> None:
        self._bell.ring()

    def ring_soon(self) -> None:
        """When what was just taken in has come due."""
        asyncio.get_running_loop().call_later(SETTLE.total_seconds(), self.ring)

    async def run(self, send: SendWebhooks) -> None:
        renewing = asyncio.create_task(self._renew(send))
        try:
            while True:
                self._bell.clear()
                self._pace.begin()
                try:
                    await send.begin()
                except Unavailable as error:
                    _log.warning("webhooks.interrupted", error=repr(error))
                    await asyncio.sleep(UNREACHABLE_SECONDS_MIN)
                await self._bell.wait(POLL_SECONDS)
                await self._pace.rest()
        finally:
            renewing.cancel()
            with suppress(Unavailable):
                await send.finish()

    async def tidy(self) -> None:
        """Closes what is switched off every second, and forgets what is old every ten minutes."""
        rounds = 0
        while True:
            try:
                await close_webhooks(self._postgres, self._clock())
                if rounds % FORGET_EVERY_ROUNDS == 0:
                    await forget_webhooks(self._postgres, self._clock())
            except Unavailable as error:
                _log.warning("webhooks.not_tidied", error=repr(error))
            rounds += 1
            await asyncio.sleep(POLL_SECONDS)

    async def _renew(self, send: SendWebhooks) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await send.renew()
            except Unavailable as error:
                _log.warning("webhooks.not_renewed", error=repr(error))
