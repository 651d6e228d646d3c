"""What links does by itself, again and again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from services.links.use_cases import lapse_holds
from services.links.use_cases.authenticate import Authenticator
from shared.kernel.faults import Unavailable
from shared.runtime.logs import logger
from shared.runtime.service import Runtime

LAPSE_SECONDS: Final = 1.0
MARK_USED_SECONDS: Final = 10.0

_log = logger("jobs")
Ticker = Callable[[], Coroutine[Any, Any, None]]


def tickers(runtime: Runtime, authenticator: Authenticator) -> list[Ticker]:
    async def lapse() -> None:
        while released := await lapse_holds.lapse_holds(runtime.postgres, now=runtime.clock()):
            runtime.wake()
            if released < lapse_holds.BATCH:
                return

    return [_every(LAPSE_SECONDS, lapse), _every(MARK_USED_SECONDS, authenticator.mark_used)]


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
