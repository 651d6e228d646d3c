"""Memory of each process after everything that was measured before."""

from tests.bench.context import Bench
from tests.bench.report import Bar, Table

SERVICE_MB_MAX = 150
SERVICES = ("links", "checkout", "notify")


async def measure(bench: Bench) -> list[Table]:
    megabytes = bench.processes.memory_mb()
    rows = [(name, megabytes[name]) for name in sorted(megabytes, key=megabytes.__getitem__, reverse=True)]
    bars = [Bar(name=f"{name}, MB", value=megabytes[name], bar=SERVICE_MB_MAX, at_most=True) for name in SERVICES]
    return [Table(name="memory", title="Memory after the load", columns=("process", "PSS, MB"), rows=rows, bars=bars)]
