"""Creating a link and taking in a callback, against a bare endpoint with one INSERT."""

import statistics
from collections.abc import Callable, Sequence

import msgspec

from tests.bench.context import Bench
from tests.bench.load import CONNECTIONS, Result, request_bytes, saturate
from tests.bench.machine import spent
from tests.bench.pending import Pending
from tests.bench.report import Bar, Table

RATIO_BAR = 0.5
COLUMNS = ("what", "requests/s", "of bare", "p50 ms", "p99 ms", "server CPU us/request", "followers done after s")
Make = Callable[[int], bytes]


class Side:
    """One of those that take turns: where it sends, and what it expects."""

    def __init__(self, name: str, url: str, process: str, *, expect: int = 201) -> None:
        self.name, self.url, self.process, self.expect = name, url, process, expect
        self.runs: list[Result] = []
        self.cpu_us: list[float] = []
        self.after_seconds: list[float] = []

    async def turn(self, bench: Bench, make: Make, *, seconds: float = 3600, count: int = 10**9) -> None:
        before = bench.processes.cpu()
        result = await saturate(self.url, make, seconds=seconds, count=count, expect=self.expect)
        cost = spent(before, bench.processes.cpu())
        self.runs.append(result)
        self.cpu_us.append(cost[self.process] * 1e6 / result.requests)
        self.after_seconds.append(await bench.settle())


async def measure_create(bench: Bench) -> list[Table]:
    ours = Side("Paylinks", f"{bench.services['links']}/v1/payment-links", "links")
    keyed = Side("Paylinks, with Idempotency-Key", ours.url, "links")
    behind = Side("Paylinks, through the gateway", f"{bench.gateway}/v1/payment-links", "links")
    bare = Side("bare", f"{bench.ceiling}/insert", "ceiling")
    resetting = Side("bare, asyncpg's default reset", f"{bench.ceiling}/insert-reset", "ceiling")
    price = {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}
    body = msgspec.json.encode(
        {"title": "Invoice #123", "pricing": price, "methods": ["card", "mobile_money"], "uses_max": 2}
    )
    plain = {side: request_bytes("POST", side.url, body=body, headers=bench.credentials) for side in (ours, behind)}
    inserts = {side: request_bytes("POST", side.url, body=body) for side in (bare, resetting)}
    for turn in range(2 if bench.quick else 5):
        bench.tell(f"create: turn {turn + 1}")
        for side in (ours, bare, keyed, resetting, behind):
            if side is keyed:
                make = _keyed(keyed.url, body, bench.credentials, turn)
            else:
                request = (plain | inserts)[side]
                make = lambda _, request=request: request  # noqa: E731
            await side.turn(bench, make, seconds=1 if bench.quick else 2)
    sides = (ours, keyed, behind, bare, resetting)
    title = "Creating a link: one statement with link, counters, answer and fact, against one bare INSERT"
    note = "Beside it run the relay and checkout's projection of what was created: the same two cores do all of it."
    return [_table("create", title, sides, bare=bare, promised=[ours, keyed], notes=[note])]


def _keyed(url: str, body: bytes, credentials: dict[str, str], turn: int) -> Make:
    head, mark, rest = request_bytes("POST", url, body=body, headers=credentials).partition(b"\r\n\r\n")
    return lambda number: b"%s\r\nIdempotency-Key: bench-%d-%d%s%s" % (head, turn, number, mark, rest)


async def measure_callback(bench: Bench) -> list[Table]:
    count = 1000 if bench.quick else 3000
    pending = await Pending.prepared(bench)
    fresh = Side("Paylinks, new", pending.url, "checkout", expect=200)
    again = Side("Paylinks, duplicates", pending.url, "checkout", expect=200)
    bare = Side("bare", f"{bench.ceiling}/insert", "ceiling")
    resetting = Side("bare, asyncpg's default reset", f"{bench.ceiling}/insert-reset", "ceiling")
    for turn in range(2 if bench.quick else 5):
        bench.tell(f"callback: turn {turn + 1}, {count} pending charges")
        bodies = await pending.charges(count)
        requests = [pending.signed(body) for body in bodies]
        await fresh.turn(bench, lambda number, requests=requests: requests[number - 1], count=count)
        for side in (bare, resetting):
            inserts = [request_bytes("POST", side.url, body=body) for body in bodies]
            await side.turn(bench, lambda number, inserts=inserts: inserts[number - 1], count=count)
        await again.turn(bench, lambda number, requests=requests: requests[number - 1], count=count)
    await pending.check()
    sides = (fresh, again, bare, resetting)
    title = "Taking in a callback: verified and stored, against one bare INSERT of the same body"
    note = (
        f"Closed loop of {CONNECTIONS} connections. While callbacks come in, they are applied, relayed, counted by "
        "links and put down by notify, on the same two cores."
    )
    return [_table("callback", title, sides, bare=bare, promised=[fresh, again], notes=[note])]


def _table(
    name: str, title: str, sides: Sequence[Side], *, bare: Side, promised: Sequence[Side], notes: Sequence[str]
) -> Table:
    rows = [
        (
            side.name,
            statistics.median(run.per_second for run in side.runs),
            _ratio(side, bare),
            statistics.median(run.p50_ms for run in side.runs),
            statistics.median(run.p99_ms for run in side.runs),
            statistics.median(side.cpu_us),
            None if side.process == "ceiling" else statistics.median(side.after_seconds),
        )
        for side in sides
    ]
    bars = [Bar(name=f"{side.name}, of bare", value=_ratio(side, bare), bar=RATIO_BAR) for side in promised]
    return Table(name=name, title=title, columns=COLUMNS, rows=rows, bars=bars, notes=notes)


def _ratio(side: Side, bare: Side) -> float:
    """Of neighbours in time, so that what else the machine does meets both."""
    pairs = zip(side.runs, bare.runs, strict=True)
    return statistics.median(mine.per_second / theirs.per_second for mine, theirs in pairs)
