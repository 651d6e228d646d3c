import asyncio
import time
from collections.abc import Awaitable, Callable

from deploy.local.faults import CannotStartError
from deploy.local.probes import nats_answers, smtp_answers

PATIENCE_SECONDS = 10.0


async def require_nats(url: str) -> None:
    """Raises CannotStartError when the NATS server that was named does not answer."""
    await _require(url, variable="PAYLINKS_NATS_URL", kind="NATS", answers=nats_answers)


async def require_smtp(url: str) -> None:
    """Raises CannotStartError when the mail server that was named does not answer."""
    await _require(url, variable="PAYLINKS_SMTP_URL", kind="mail", answers=smtp_answers)


async def _require(url: str, *, variable: str, kind: str, answers: Callable[[str], Awaitable[bool]]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not await answers(url):
        if time.monotonic() > until:
            raise CannotStartError(
                f"No {kind} server answers at the address in {variable}: start it, or unset {variable}."
            )
        await asyncio.sleep(0.2)
