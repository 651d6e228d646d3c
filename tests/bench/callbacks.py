"""Taking in a provider's callback, against a bare endpoint with one INSERT of the same body."""

from tests.bench.context import Bench
from tests.bench.load import CONNECTIONS, request_bytes
from tests.bench.pending import Pending
from tests.bench.report import Bar, Table
from tests.bench.sides import Make, Side, compared, ratio

RATIO_BAR = 0.5


async def measure(bench: Bench) -> list[Table]:
    number = 1000 if bench.quick else 3000
    pending = await Pending.prepared(bench)
    fresh = Side("Paylinks, new", pending.url, "checkout", expect=200)
    again = Side("Paylinks, duplicates", pending.url, "checkout", expect=200)
    bare = Side("bare", f"{bench.ceiling}/insert", "ceiling", expect=201)
    resetting = Side("bare, asyncpg's default reset", f"{bench.ceiling}/insert-reset", "ceiling", expect=201)
    for turn in range(2 if bench.quick else 5):
        bench.tell(f"callback: turn {turn + 1}, {number} pending charges")
        bodies = await pending.charges(number)
        requests = [pending.signed(body) for body in bodies]
        await fresh.turn(bench, _maker(requests), count=number)
        for side in (bare, resetting):
            inserts = [request_bytes("POST", side.url, body=body) for body in bodies]
            await side.turn(bench, _maker(inserts), count=number)
        await again.turn(bench, _maker(requests), count=number)
    await pending.check()
    title = "Taking in a callback: verified and stored, against one bare INSERT of the same body"
    notes = [
        f"Closed loop of {CONNECTIONS} connections. While callbacks come in, they are applied, relayed, counted by",
        "links and put down by notify, on the same two cores. Afterwards every charge was applied and counted once.",
    ]
    bars = [Bar(name=f"{side.name}, of bare", value=ratio(side, bare), bar=RATIO_BAR) for side in (fresh, again)]
    sides = [("", side, bare) for side in (fresh, again, bare, resetting)]
    return [compared("callback", title, sides, bars=bars, notes=notes)]


def _maker(requests: list[bytes]) -> Make:
    return lambda number: requests[number - 1]
