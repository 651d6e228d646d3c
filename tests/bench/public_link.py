"""The public link, as JSON and as a page, against a bare handler that returns the same bytes."""

import statistics

from tests.bench.context import Bench
from tests.bench.load import Pool, Result, request_bytes, saturate
from tests.bench.machine import spent
from tests.bench.report import Bar, Table

RATIO_BAR = 0.4


class Side:
    """One of those that take turns."""

    def __init__(self, name: str, url: str, process: str) -> None:
        self.name = name
        self.url = url
        self.process = process
        self.rates: list[float] = []
        self.runs: list[Result] = []
        self.cpu_us: list[float] = []

    async def turn(self, bench: Bench, seconds: float) -> None:
        request = request_bytes("GET", self.url)
        before = bench.processes.cpu()
        result = await saturate(self.url, lambda _: request, seconds=seconds)
        cost = spent(before, bench.processes.cpu())
        self.runs.append(result)
        self.rates.append(result.per_second)
        self.cpu_us.append(cost[self.process] * 1e6 / result.requests)


async def measure(bench: Bench) -> list[Table]:
    link = await bench.make_link(slug="bench-public")
    await bench.settle()
    rows, bars = [], []
    for kind, path in (("JSON", f"/v1/checkout/{link['slug']}"), ("page", f"/checkout/{link['slug']}")):
        bench.tell(f"public link: {kind}")
        sides = await _sides(bench, kind, path)
        for _ in range(3 if bench.quick else 6):
            for side in sides:
                await side.turn(bench, 0.8 if bench.quick else 1.5)
        ours, bare, behind = sides
        rows += [_row(kind, side, bare) for side in sides]
        bars.append(Bar(name=f"{kind}, of bare", value=_ratio(ours, bare), bar=RATIO_BAR))
        bars.append(Bar(name=f"{kind} through the gateway, of bare, reported only", value=_ratio(behind, bare), bar=0))
    columns = ("what", "size, B", "requests/s", "of bare", "p50 ms", "p99 ms", "server CPU us/request")
    title = "Public link: the service, a bare Litestar handler with the same bytes, and the service behind the gateway"
    return [Table(name="public-link", title=title, columns=columns, rows=rows, bars=bars)]


async def _sides(bench: Bench, kind: str, path: str) -> tuple[Side, Side, Side]:
    """The bare handler gets the bytes that checkout has just answered."""
    service = bench.services["checkout"]
    name = f"{kind.lower()}.{'json' if kind == 'JSON' else 'html'}"
    pool = Pool(service)
    body = (await pool.ask(request_bytes("GET", service + path))).body
    pool.close()
    pool = Pool(bench.ceiling)
    await pool.ask(request_bytes("POST", f"{bench.ceiling}/files/{name}", body=body))
    pool.close()
    return (
        Side("Paylinks", service + path, "checkout"),
        Side("bare", f"{bench.ceiling}/bytes/{name}", "ceiling"),
        Side("gateway", bench.gateway + path, "checkout"),
    )


def _ratio(side: Side, bare: Side) -> float:
    """Of neighbours in time, so that what else the machine does meets both."""
    return statistics.median(mine / theirs for mine, theirs in zip(side.rates, bare.rates, strict=True))


def _row(kind: str, side: Side, bare: Side) -> tuple[str | int | float, ...]:
    return (
        f"{kind}, {side.name}",
        len(side.runs[-1].last),
        statistics.median(side.rates),
        _ratio(side, bare),
        statistics.median(run.p50_ms for run in side.runs),
        statistics.median(run.p99_ms for run in side.runs),
        statistics.median(side.cpu_us),
    )
