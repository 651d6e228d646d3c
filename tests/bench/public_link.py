"""The public link, as JSON and as a page, against a bare handler that returns the same bytes."""

from tests.bench.context import Bench
from tests.bench.load import Pool, request_bytes
from tests.bench.report import Bar, Table
from tests.bench.sides import Side, compared, ratio

RATIO_BAR = 0.4


async def measure(bench: Bench) -> list[Table]:
    link = await bench.make_link(slug="bench-public")
    await bench.settle()
    rows, bars = [], []
    for kind, path in (("JSON", f"/v1/checkout/{link['slug']}"), ("page", f"/checkout/{link['slug']}")):
        bench.tell(f"public link: {kind}")
        ours, bare, behind = sides = await _sides(bench, kind, path)
        for _ in range(3 if bench.quick else 7):
            for side in sides:
                request = request_bytes("GET", side.url)
                await side.turn(bench, lambda _, request=request: request, seconds=0.8 if bench.quick else 1.5)
        rows += [(f"{kind}, ", side, bare) for side in sides]
        bars.append(Bar(name=f"{kind}, of bare", value=ratio(ours, bare), bar=RATIO_BAR))
        bars.append(Bar(name=f"{kind} through the gateway, of bare, reported only", value=ratio(behind, bare), bar=0))
    title = "Public link: the service, a bare Litestar handler with the same bytes, and the service behind the gateway"
    return [compared("public-link", title, rows, bars=bars)]


async def _sides(bench: Bench, kind: str, path: str) -> tuple[Side, Side, Side]:
    """The bare handler gets the bytes that checkout has just answered."""
    service = bench.services["checkout"]
    name = f"link.{'json' if kind == 'JSON' else 'html'}"
    pool = Pool(service)
    body = (await pool.ask(request_bytes("GET", service + path))).body
    pool.close()
    pool = Pool(bench.ceiling)
    await pool.ask(request_bytes("POST", f"{bench.ceiling}/files/{name}", body=body))
    pool.close()
    return (
        Side("Paylinks", service + path, "checkout", expect=200),
        Side("bare", f"{bench.ceiling}/bytes/{name}", "ceiling", expect=200),
        Side("Paylinks, through the gateway", bench.gateway + path, "checkout", expect=200),
    )
