"""`python -m tests.bench [names…] [--quick]`: Paylinks and its ceilings, side by side. See docs/bench.md."""

import argparse
import time
from pathlib import Path

import uvloop

from tests.bench import callbacks, creating, lists, memory, payments, public_link, tenancy
from tests.bench.context import started
from tests.bench.machine import load_average
from tests.bench.report import Table, as_text, write_json

EXPERIMENTS = {
    "link": public_link.measure,
    "create": creating.measure,
    "callback": callbacks.measure,
    "payments": payments.measure,
    "lists": lists.measure,
    "memory": memory.measure,
    "tenancy": tenancy.measure,
}
RESULT = Path("build/bench.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(EXPERIMENTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="shorter runs, and no million links")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(EXPERIMENTS):
        parser.error(
            f"there is no experiment called {', '.join(sorted(unknown))}: choose from {', '.join(EXPERIMENTS)}"
        )
    uvloop.run(run([name for name in EXPERIMENTS if name in arguments.names or not arguments.names], arguments.quick))


async def run(names: list[str], quick: bool) -> None:  # noqa: FBT001
    began, load_before = time.monotonic(), load_average()
    tables: list[Table] = []
    try:
        async with started(quick=quick) as bench:
            bench.tell(f"the stack is up; load average before it was {load_before:.2f}")
            for name in names:
                tables += await EXPERIMENTS[name](bench)
                bench.tell(f"{name}: done after {time.monotonic() - began:.0f} s")
    finally:
        # Also when one experiment failed: the others have said something.
        seconds = round(time.monotonic() - began)
        write_json(tables, RESULT, about={"quick": quick, "seconds": seconds, "load_average_before": load_before})
        for table in tables:
            print(as_text(table))
        print(f"\n{seconds} s; load average before: {load_before:.2f}. All of it as JSON: {RESULT}")


if __name__ == "__main__":
    main()
