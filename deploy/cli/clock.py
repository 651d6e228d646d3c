import asyncio
from datetime import datetime

import msgspec
from cyclopts import App
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.cli.bus.connect import CliError, connected, nats_url, run
from deploy.cli.bus.moments import duration
from deploy.cli.output import as_json, print_json, print_table
from shared.contracts.operator import ClockTold, ShowClock
from shared.contracts.subjects import OWNERS, Owner, clock_show
from shared.runtime.movable_clock import OFFSET_SECONDS_MAX, POLL_SECONDS, read_offset, write_offset

ANSWER_SECONDS_MAX = 2.0
AGREE_SECONDS_MAX = 10.0
LOOK_AGAIN_SECONDS = 0.1

app = App(
    name="clock", help="The time of a stack in test mode: show, advance, reset. In live mode time cannot be moved."
)


@app.command
def show(*, json: bool | None = None, nats: str | None = None) -> None:
    """Show what time it is for each service.

    Example: `paylinks clock show`

    Args:
        json: JSON lines, or not; without it, JSON lines into a pipe.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    run(_show(url=nats, json=as_json(asked=json)))


@app.command
def advance(by: str, *, json: bool | None = None, nats: str | None = None) -> None:
    """Let time pass at once, for all services: links expire, holds lapse, mails come due. It stays so over a restart.

    Providers, their simulators and the mail server keep real time. So does what is signed for them.

    Example: `paylinks clock advance 30d`

    Args:
        by: How much: 90s, 10m, 1h30m, 7d. Ten years in all at most.
        json: JSON lines, or not; without it, JSON lines into a pipe.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """

    async def act() -> int:
        seconds = int(duration(by).total_seconds())
        if seconds <= 0:
            raise CliError("Time goes forward: say how much, as in 'paylinks clock advance 1h'.")
        return await _move(seconds, url=nats, json=as_json(asked=json))

    run(act())


@app.command
def reset(*, json: bool | None = None, nats: str | None = None) -> None:
    """Go back to real time. What happened later than that keeps its time, and what has ended stays ended.

    Example: `paylinks clock reset`

    Args:
        json: JSON lines, or not; without it, JSON lines into a pipe.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    run(_move(None, url=nats, json=as_json(asked=json)))


async def _show(*, url: str | None, json: bool) -> int:
    async with connected(nats_url(url)) as client:
        _print(await _all(client), json=json)
    return 0


async def _move(seconds: int | None, *, url: str | None, json: bool) -> int:
    """`seconds` further, or with None back to real time."""
    async with connected(nats_url(url)) as client:
        # Nobody in live mode answers, and nothing was written before all have.
        await _all(client)
        jetstream = client.jetstream(timeout=ANSWER_SECONDS_MAX)
        try:
            goal = 0 if seconds is None else await read_offset(jetstream) + seconds
            if goal > OFFSET_SECONDS_MAX:
                raise CliError("That is more than ten years from now.")
            await write_offset(jetstream, goal)
        except (NatsError, TimeoutError, OSError):
            raise CliError("NATS cannot keep the time now.") from None
        _print(await _agreed(client, goal), json=json)
    return 0


async def _agreed(client: Client, goal: int) -> dict[Owner, ClockTold]:
    """What all say, once all of them and their replicas, of whom any may answer, have heard."""
    ends = asyncio.get_running_loop().time() + AGREE_SECONDS_MAX
    await asyncio.sleep(POLL_SECONDS)
    while True:
        told = await _all(client)
        if all(one.offset_seconds == goal for one in told.values()):
            return told
        if asyncio.get_running_loop().time() > ends:
            raise CliError("The services have not heard of it yet: look again with 'paylinks clock show'.")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _all(client: Client) -> dict[Owner, ClockTold]:
    """Raises: CliError: not all of them answer."""
    told = await asyncio.gather(*(_ask(client, owner) for owner in OWNERS))
    silent = [owner for owner, one in zip(OWNERS, told, strict=True) if one is None]
    if silent:
        raise CliError(
            f"No clock answers in {', '.join(silent)}: time can be moved in test mode (PAYLINKS_TEST_MODE=1) only."
        )
    return {owner: one for owner, one in zip(OWNERS, told, strict=True) if one is not None}


async def _ask(client: Client, owner: Owner) -> ClockTold | None:
    try:
        message = await client.request(clock_show(owner), msgspec.json.encode(ShowClock()), timeout=ANSWER_SECONDS_MAX)
        return msgspec.json.decode(message.data, type=ClockTold)
    except (NatsError, TimeoutError, msgspec.MsgspecError):
        return None


def _print(told: dict[Owner, ClockTold], *, json: bool) -> None:
    if json:
        for owner, one in told.items():
            print_json({"service": owner, "now": one.now, "offset_seconds": one.offset_seconds})
        return
    print_table(
        [
            {"service": owner, "time": _written(one.now), "moved by": f"{one.offset_seconds} s"}
            for owner, one in told.items()
        ]
    )


def _written(now: datetime) -> str:
    return f"{now:%Y-%m-%d %H:%M:%S} UTC"
