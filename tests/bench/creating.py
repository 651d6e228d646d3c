"""Creating a link, against a bare endpoint with one INSERT."""

from itertools import count

import msgspec

from tests.bench.context import Bench
from tests.bench.load import request_bytes
from tests.bench.report import Bar, Table
from tests.bench.sides import Make, Side, compared, ratio

RATIO_BAR = 0.5
TITLE = "Invoice #00000000"
_numbers = count(1)


async def measure(bench: Bench) -> list[Table]:
    ours = Side("Paylinks", f"{bench.services['links']}/v1/payment-links", "links", expect=201)
    keyed = Side("Paylinks, with Idempotency-Key", ours.url, "links", expect=201)
    behind = Side("Paylinks, through the gateway", f"{bench.gateway}/v1/payment-links", "links", expect=201)
    bare = Side("bare", f"{bench.ceiling}/insert", "ceiling", expect=201)
    resetting = Side("bare, asyncpg's default reset", f"{bench.ceiling}/insert-reset", "ceiling", expect=201)
    sides = (ours, bare, keyed, resetting, behind)
    for turn in range(2 if bench.quick else 5):
        bench.tell(f"create: turn {turn + 1}")
        for side in sides:
            await side.turn(bench, _maker(bench, side, keyed=side is keyed), seconds=1 if bench.quick else 2)
    title = "Creating a link: one statement with link, counters, answer and fact, against one bare INSERT"
    note = "Beside it run the relay and checkout's projection of what was created: the same two cores do all of it."
    bars = [Bar(name=f"{side.name}, of bare", value=ratio(side, bare), bar=RATIO_BAR) for side in (ours, keyed)]
    return [compared("create", title, [("", side, bare) for side in sides], bars=bars, notes=[note])]


def _maker(bench: Bench, side: Side, *, keyed: bool) -> Make:
    """Each request with a title of its own, and so with a slug that is free at once."""
    price = {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}
    body = msgspec.json.encode({"title": TITLE, "pricing": price, "methods": ["card", "mobile_money"], "uses_max": 2})
    headers = dict(bench.credentials) if side.process == "links" else {}
    if keyed:
        headers["Idempotency-Key"] = TITLE[-8:]
    template = request_bytes("POST", side.url, body=body, headers=headers)
    return lambda _: template.replace(b"00000000", b"%08d" % next(_numbers))
