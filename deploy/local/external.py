import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from deploy.local.faults import CannotStartError
from deploy.local.postgres import DEFAULT_PORT, asks_whether_ready
from deploy.local.probes import NATS_PORT, nats_answers, nats_has_jetstream, smtp_answers, smtp_port
from deploy.local.program import run_tool
from deploy.local.progress import Progress

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.2
# What pg_isready ends with where it did not even ask: the address is wrong, and whoever connects is told how.
_NOT_ASKED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A server that somebody else runs: its part of the stack, the variable that names it, and how to find out."""

    part: str
    variable: str
    kind: str
    address: str
    answers: Callable[[], Awaitable[bool]]


async def require_postgres(dsn: str, *, progress: Progress) -> None:
    """Raises CannotStartError when the PostgreSQL server that was named does not answer in time."""
    asks = asks_whether_ready(dsn)

    async def answers() -> bool:
        return (await run_tool(asks)).code in {os.EX_OK, _NOT_ASKED}

    await require(
        Outside(
            part="postgres",
            variable="PAYLINKS_POSTGRES_DSN",
            kind="PostgreSQL",
            address=_address(dsn, DEFAULT_PORT),
            answers=answers,
        ),
        progress=progress,
    )


async def require_nats(url: str, *, progress: Progress) -> None:
    """Raises CannotStartError when the NATS server that was named does not answer in time, or keeps nothing."""
    address = _address(url, NATS_PORT)
    await require(
        Outside(
            part="nats",
            variable="PAYLINKS_NATS_URL",
            kind="NATS",
            address=address,
            answers=lambda: nats_answers(url),
        ),
        progress=progress,
    )
    if not await nats_has_jetstream(url):
        raise CannotStartError(f"The NATS server at {address} runs without JetStream: start it with `-js`.")


async def require_smtp(url: str, *, progress: Progress) -> None:
    """Raises CannotStartError when the mail server that was named does not answer in time."""
    await require(
        Outside(
            part="mail",
            variable="PAYLINKS_SMTP_URL",
            kind="mail",
            address=_address(url, smtp_port(url)),
            answers=lambda: smtp_answers(url),
        ),
        progress=progress,
    )


async def require(server: Outside, *, progress: Progress, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it answers: who starts everything at once starts it, too, and it may need its time.

    Raises:
        CannotStartError: it did not, for so long.
    """
    until = time.monotonic() + patience_seconds
    told = False
    while not await server.answers():
        if time.monotonic() > until:
            raise CannotStartError(
                f"No {server.kind} server has answered at {server.address} for {patience_seconds:.0f} s: "
                f"start it, correct {server.variable}, or unset it."
            )
        if not told:
            told = True
            progress.tell(server.part, f"waiting for yours at {server.address}")
        await asyncio.sleep(POLL_SECONDS)
    progress.tell(server.part, "yours answers")


def _address(url: str, default_port: int) -> str:
    """Without what is secret in it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or default_port}"
