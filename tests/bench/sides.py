"""Those that take turns in a comparison: ours, the bare ceilings, and ours behind the gateway."""

import statistics
from collections.abc import Awaitable, Callable, Sequence

from tests.bench.context import Bench
from tests.bench.load import Result, saturate
from tests.bench.machine import Cpu, spent
from tests.bench.report import Bar, Cell, Table

COLUMNS = (
    "what",
    "requests/s",
    "of bare",
    "p50 ms",
    "p99 ms",
    "CPU us/request: server",
    "of bare's",
    "all processes",
    "answer, B",
)
Make = Callable[[int], bytes]
Then = Callable[[Cpu], Awaitable[None]]


class Side:
    """`url` is where it sends, `process` whose CPU time it is about, `expect` the only status that is an answer.

    `cpu_s` is of the last turn, by process, with all that followed from it.
    """

    def __init__(self, name: str, url: str, process: str, *, expect: int) -> None:
        self.name, self.url, self.process, self.expect = name, url, process, expect
        self.runs: list[Result] = []
        self.cpu_us: list[float] = []
        self.cpu_us_of_all: list[float] = []
        self.cpu_s: Cpu = {}

    async def turn(
        self, bench: Bench, make: Make, *, seconds: float = 3600, count: int = 10**9, then: Then | None = None
    ) -> None:
        """One run, and a wait until all that follows from it is done: the next one has the machine for itself.

        `then` is called between the two, with the CPU seconds of each process while requests were answered.
        """
        before = bench.processes.cpu()
        result = await saturate(self.url, make, seconds=seconds, count=count, expect=self.expect)
        meanwhile = spent(before, bench.processes.cpu())
        if then is not None:
            await then(meanwhile)
        await bench.settle()
        self.cpu_s = spent(before, bench.processes.cpu())
        self.runs.append(result)
        self.cpu_us.append(meanwhile[self.process] * 1e6 / result.requests)
        self.cpu_us_of_all.append(sum(self.cpu_s.values()) * 1e6 / result.requests)


def ratio(side: Side, bare: Side) -> float:
    """Of neighbours in time, so that what else the machine does meets both."""
    pairs = zip(side.runs, bare.runs, strict=True)
    return statistics.median(mine.per_second / theirs.per_second for mine, theirs in pairs)


def compared(
    name: str,
    title: str,
    sides: Sequence[tuple[str, Side, Side]],
    *,
    bars: Sequence[Bar],
    notes: Sequence[str] = (),
) -> Table:
    """`sides` are a prefix of the name, the side, and the bare one that it is measured by."""
    rows = [_row(prefix, side, bare) for prefix, side, bare in sides]
    return Table(name=name, title=title, columns=COLUMNS, rows=rows, bars=bars, notes=notes)


def _row(prefix: str, side: Side, bare: Side) -> list[Cell]:
    cpu = statistics.median(side.cpu_us)
    return [
        prefix + side.name,
        statistics.median(run.per_second for run in side.runs),
        ratio(side, bare),
        statistics.median(run.p50_ms for run in side.runs),
        statistics.median(run.p99_ms for run in side.runs),
        cpu,
        cpu / statistics.median(bare.cpu_us),
        statistics.median(side.cpu_us_of_all),
        len(side.runs[-1].last),
    ]
