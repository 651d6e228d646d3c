"""Full payments: session, pay, the provider's callback, counted in links, a receipt in the mail server."""

from tests.bench.context import Bench
from tests.bench.flow import Stage
from tests.bench.ledger import check
from tests.bench.load import percentile
from tests.bench.report import Bar, Cell, Table

RATE_BAR = 100
SUSTAINED_SECONDS = 30
BACKLOG_SECONDS_MAX = 1.0
"""A stage is sustained when, at its end, less than this much of its work is waiting."""
LINKS = 20
PARTS = ("checkout", "links", "notify", "sandbox", "mailbox", "postgres", "nats", "gateway", "generator")
COLUMNS = (
    "payments/s",
    "done",
    "refused",
    "backlog, s",
    "pay p50 ms",
    "pay p99 ms",
    "callback to counted p50 ms",
    "p99 ms",
    "callback to receipt p50 ms",
    "p99 ms",
)


async def measure(bench: Bench) -> list[Table]:
    links = [await bench.make_link(title=f"Payments {number}") for number in range(LINKS)]
    slugs = [link["slug"] for link in links]
    await bench.settle()
    checkout, gateway = bench.services["checkout"], bench.gateway
    plan = [(50, 10, checkout), (RATE_BAR, 10, checkout)] if bench.quick else _full_plan(checkout, gateway)
    stages: list[Stage] = []
    # The first payments meet cold caches and unprepared statements: nobody's steady state.
    await Stage(bench, slugs, rate=20, seconds=3, url=checkout).run()
    for rate, seconds, url in plan:
        bench.tell(f"payments: {rate}/s for {seconds} s{' through the gateway' if url == gateway else ''}")
        stage = Stage(bench, slugs, rate=rate, seconds=seconds, url=url)
        await stage.run()
        stages.append(stage)
    bench.tell("payments: comparing ledgers")
    agreed = await check(bench, links)
    return [_summary(bench, stages, agreed), _cpu(bench, stages)]


def _full_plan(checkout: str, gateway: str) -> list[tuple[int, int, str]]:
    return [
        (50, 15, checkout),
        (RATE_BAR, SUSTAINED_SECONDS, checkout),
        (120, 15, checkout),
        (150, 15, checkout),
        (200, 15, checkout),
        (RATE_BAR, 20, gateway),
    ]


def _name(bench: Bench, stage: Stage) -> str:
    return f"{stage.rate}, gateway" if stage.url == bench.gateway else f"{stage.rate}"


def _summary(bench: Bench, stages: list[Stage], agreed: str) -> Table:
    bars = [
        Bar(name=f"payments/s sustained for {stage.seconds} s", value=_sustained_rate(stage), bar=RATE_BAR)
        for stage in stages
        if stage.rate == RATE_BAR and stage.url != bench.gateway
    ]
    notes = [
        "Open loop: payments begin when they are due. The provider approves after 1 s; that second is in no latency.",
        "Counted and receipt are when the facts about them were seen on the bus: a little after the commit.",
        agreed,
    ]
    rows = [_row(bench, stage) for stage in stages]
    title = "Full payments, with the sandbox provider, the mail server and the generator on the same cores"
    return Table(name="payments", title=title, columns=COLUMNS, rows=rows, bars=bars, notes=notes)


def _row(bench: Bench, stage: Stage) -> list[Cell]:
    def milliseconds(values: list[float]) -> tuple[float, float]:
        ordered = sorted(values)
        return percentile(ordered, 50) * 1000, percentile(ordered, 99) * 1000

    done = [payment for payment in stage.payments.values() if payment.receipt_at]
    return [
        _name(bench, stage),
        len(done),
        len(stage.refused),
        stage.backlog_seconds,
        *milliseconds([payment.pay_seconds for payment in done]),
        *milliseconds([payment.counted_at - payment.callback_at for payment in done]),
        *milliseconds([payment.receipt_at - payment.callback_at for payment in done]),
    ]


def _sustained_rate(stage: Stage) -> float:
    """Payments that went all the way, a second; none of a stage that left a backlog behind."""
    if stage.backlog_seconds > BACKLOG_SECONDS_MAX or stage.refused:
        return 0.0
    return _done(stage) / stage.seconds


def _done(stage: Stage) -> int:
    """Payments that went all the way."""
    return sum(1 for one in stage.payments.values() if one.callback_at and one.counted_at and one.receipt_at)


def _cpu(bench: Bench, stages: list[Stage]) -> Table:
    rows: list[list[Cell]] = []
    for stage in stages:
        each = [stage.cpu[part] * 1000 / max(1, _done(stage)) for part in PARTS]
        rows.append([_name(bench, stage), *each, sum(each), sum(each) - each[-1]])
    columns = ("payments/s", *PARTS, "all", "without generator")
    title = "CPU ms of a full payment, by process (postgres: all its processes)"
    return Table(name="payments-cpu", title=title, columns=columns, rows=rows)
