import argparse
import asyncio
import os
import sys
from pathlib import Path

from deploy.generate.files import differences, write
from deploy.generate.schemas import scratch_server
from deploy.generate.sources import generated
from deploy.local.program import PROJECT


async def _run(root: Path, *, check: bool) -> int:
    async with scratch_server(os.environ.get("PAYLINKS_POSTGRES_DSN")) as server:
        files = await generated(server)
    if check:
        stale = differences(root, files)
        for path in stale:
            print(f"{path} is out of step: run `make generate` and look at what changed.", file=sys.stderr)
        return 1 if stale else 0
    for path in write(root, files):
        print(f"wrote {path}")
    return 0


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m deploy.generate", description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is out of step")
    sys.exit(asyncio.run(_run(PROJECT, check=arguments.parse_args().check)))


if __name__ == "__main__":
    main()
