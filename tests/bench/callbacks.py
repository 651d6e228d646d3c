"""Taking in a provider's callback, against a bare endpoint with one INSERT of the same body."""

import statistics
import time

import msgspec

from tests.bench.context import Bench
from tests.bench.load import CONNECTIONS, Result, request_bytes
from tests.bench.machine import Cpu
from tests.bench.pending import Pending
from tests.bench.report import Bar, Cell, Table
from tests.bench.sides import Make, Side, compared, ratio

RATIO_BAR = 0.5
STORM = 12_000
"""More than come in while applying gives way."""
PARTS = ("checkout", "postgres", "nats", "links", "notify", "generator")


class Aftermath(msgspec.Struct, kw_only=True):
    """Of one turn: seconds from its last answer until all were applied, and counted; CPU while it was answered."""

    applied_s: float
    counted_s: float
    answering: Cpu


async def measure(bench: Bench) -> list[Table]:
    number = 1000 if bench.quick else 3000
    pending = await Pending.prepared(bench)
    fresh = Side("Paylinks, new", pending.url, "checkout", expect=200)
    again = Side("Paylinks, duplicates", pending.url, "checkout", expect=200)
    bare = Side("bare", f"{bench.ceiling}/insert", "ceiling", expect=201)
    resetting = Side("bare, asyncpg's default reset", f"{bench.ceiling}/insert-reset", "ceiling", expect=201)
    aftermaths: list[Aftermath] = []

    async def follow(answering: Cpu) -> None:
        answered = time.perf_counter()
        await pending.applied()
        applied = time.perf_counter()
        await pending.counted()
        aftermaths.append(
            Aftermath(applied_s=applied - answered, counted_s=time.perf_counter() - answered, answering=answering)
        )

    for turn in range(2 if bench.quick else 5):
        bench.tell(f"callback: turn {turn + 1}, {number} pending charges")
        bodies = await pending.charges(number)
        requests = [pending.signed(body) for body in bodies]
        await fresh.turn(bench, _maker(requests), count=number, then=follow)
        for side in (bare, resetting):
            inserts = [request_bytes("POST", side.url, body=body) for body in bodies]
            await side.turn(bench, _maker(inserts), count=number)
        await again.turn(bench, _maker(requests), count=number)
    storm = Side("Paylinks, a storm", pending.url, "checkout", expect=200)
    if not bench.quick:
        bench.tell(f"callback: a storm, {STORM} pending charges")
        requests = [pending.signed(body) for body in await pending.charges(STORM)]
        await storm.turn(bench, _maker(requests), count=STORM, then=follow)
    await pending.check()
    title = "Taking in a callback: verified and stored, against one bare INSERT of the same body"
    notes = [
        f"Closed loop of {CONNECTIONS} connections. Taking in goes before applying: most of what follows comes",
        "after the last answer, see below. Afterwards every charge was applied and counted once.",
    ]
    bars = [Bar(name=f"{side.name}, of bare", value=ratio(side, bare), bar=RATIO_BAR) for side in (fresh, again)]
    sides = [("", side, bare) for side in (fresh, again, bare, resetting)]
    return [
        compared("callback", title, sides, bars=bars, notes=notes),
        *_aftermath(fresh, [*fresh.runs, *storm.runs], aftermaths),
    ]


def _aftermath(fresh: Side, runs: list[Result], aftermaths: list[Aftermath]) -> list[Table]:
    turns = list(zip(runs, aftermaths, strict=True))
    rows: list[list[Cell]] = [
        [
            run.requests,
            run.seconds,
            run.p99_ms,
            one.applied_s,
            one.counted_s,
            run.requests / (run.seconds + one.applied_s),
            run.requests / (run.seconds + one.counted_s),
        ]
        for run, one in turns
    ]
    columns = (
        "new callbacks",
        "answered in, s",
        "p99 ms",
        "all applied after, s",
        "all counted after, s",
        "taken in and applied, /s",
        "and counted, /s",
    )
    title = "What follows from new callbacks, from the last answer on; one turn a line"
    after = Table(name="callback-after", title=title, columns=columns, rows=rows)
    usual = turns[: len(fresh.runs)]
    answering = [statistics.median(one.answering[part] * 1e6 / run.requests for run, one in usual) for part in PARTS]
    everything = [fresh.cpu_s[part] * 1e6 / fresh.runs[-1].requests for part in PARTS]
    shares: list[list[Cell]] = [
        ["while it is answered", *answering, sum(answering)],
        ["until all is done", *everything, sum(everything)],
    ]
    title = "CPU us of a new callback, by process (postgres: all its processes)"
    cpu = Table(name="callback-cpu", title=title, columns=("", *PARTS, "all"), rows=shares)
    return [after, cpu]


def _maker(requests: list[bytes]) -> Make:
    return lambda number: requests[number - 1]
