"""What links does by itself, again and again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

from services.links.use_cases import keep_feed, lapse_holds
from services.links.use_cases.authenticate import Authenticator
from services.links.use_cases.otp import Otp
from services.links.use_cases.run_batches import Batches
from services.links.use_cases.sessions import SessionAuthenticator
from services.links.use_cases.signing_keys import SigningKeys
from shared.kernel.faults import Unavailable
from shared.kernel.moment import utc_now
from shared.runtime.logs import logger
from shared.runtime.service import Runtime

LAPSE_SECONDS: Final = 1.0
BATCH_SECONDS: Final = 0.5
MARK_USED_SECONDS: Final = 10.0
FORGET_LOGINS_SECONDS: Final = 600.0
TEND_KEYS_SECONDS: Final = 600.0
FORGET_ASKS_SECONDS: Final = 60.0
MAKE_UP_FEED_SECONDS: Final = 600.0
FEED_MADE_UP: Final = timedelta(minutes=15)
"""What is looked back at: more than from one time to the next."""

_log = logger("jobs")
Ticker = Callable[[], Coroutine[Any, Any, None]]


def tickers(runtime: Runtime, authenticator: Authenticator, sessions: SessionAuthenticator) -> list[Ticker]:
    async def lapse() -> None:
        while released := await lapse_holds.lapse_holds(runtime.postgres, now=runtime.clock()):
            runtime.wake()
            if released < lapse_holds.BATCH:
                return

    async def forget_logins() -> None:
        await sessions.tidy(runtime.clock())

    async def make_up_feed() -> None:
        await keep_feed.make_up_feed(runtime.postgres, since=utc_now() - FEED_MADE_UP)
        await runtime.broker.started()
        await runtime.broker.retire("LINKS", "links--feed")

    return [
        _every(LAPSE_SECONDS, lapse),
        _every(MARK_USED_SECONDS, authenticator.mark_used),
        _every(MARK_USED_SECONDS, sessions.mark_used),
        _every(FORGET_LOGINS_SECONDS, forget_logins),
        _every(MAKE_UP_FEED_SECONDS, make_up_feed),
    ]


def gate_tickers(runtime: Runtime, otp: Otp, keys: SigningKeys) -> list[Ticker]:
    async def tend_keys() -> None:
        await keys.tend(runtime.clock())

    async def forget_asks() -> None:
        await otp.forget_asks(runtime.clock())

    return [_every(TEND_KEYS_SECONDS, tend_keys), _every(FORGET_ASKS_SECONDS, forget_asks)]


def batch_ticker(batches: Batches) -> Ticker:
    return _every(BATCH_SECONDS, batches.work)


def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> Ticker:
    async def ticker() -> None:
        while True:
            try:
                await work()
            except Unavailable as error:
                _log.warning("job.interrupted", job=work.__qualname__, error=repr(error))
            except Exception as error:  # noqa: BLE001 - a job that has died would be missed for hours
                _log.error("job.failed", job=work.__qualname__, exc_info=error)
            await asyncio.sleep(seconds)

    return ticker
