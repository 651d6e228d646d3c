import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.cli.local import NotRunningError, read_local_file

CONNECT_SECONDS_MAX = 3


class CliError(Exception):
    """The command cannot go on; the message is one sentence for the person at the terminal."""


def run(work: Coroutine[Any, Any, int]) -> None:
    """Runs a command to its end, with its exit code; what it refuses is said in one sentence."""
    run_now(lambda: asyncio.run(work))


def run_now(work: Callable[[], int]) -> None:
    """The same for a command that waits for nobody else meanwhile."""
    try:
        code = work()
    except (CliError, NotRunningError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # `| head` has seen enough. Python would complain about it again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(code)


def nats_url(named: str | None) -> str:
    return named or os.environ.get("PAYLINKS_NATS_URL") or read_local_file()["nats"]


def postgres_dsn(service: str, named: str | None) -> str:
    return named or read_local_file()["postgres"][service]


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Client, None]:
    """A connection that comes back by itself, once there was one.

    Raises:
        CliError: nobody answers there.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            # The patience that is right for later would repeat the first attempt for ever, without a word.
            probe = await nats.connect(url, max_reconnect_attempts=1, reconnect_time_wait=0, error_cb=_quiet)
            await probe.close()
            client = await nats.connect(
                url, max_reconnect_attempts=-1, ping_interval=5, error_cb=_quiet, name="paylinks-cli"
            )
    except (NatsError, OSError, TimeoutError, ValueError):
        raise CliError(f"NATS does not answer at {_without_password(url)}.") from None
    try:
        yield client
    finally:
        await client.close()


async def _quiet(_: Exception) -> None:
    """What breaks is seen where it matters; nats-py would print it, too."""


def _without_password(url: str) -> str:
    scheme, _, rest = url.rpartition("://")
    return f"{scheme or 'nats'}://{rest.rpartition('@')[2]}"
