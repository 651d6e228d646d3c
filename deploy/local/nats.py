import json
import shutil
import sys
from pathlib import Path

from deploy.local.faults import CannotStartError
from deploy.local.ports import LOOPBACK
from deploy.local.probes import nats_answers
from deploy.local.program import PROJECT, Program


def bundled(executable: str) -> str:
    """The program that came with the locked dependencies, beside the Python that runs; else the one on the PATH."""
    beside = Path(sys.executable).with_name(executable)
    found = str(beside) if beside.exists() else shutil.which(executable)
    if not found:
        raise CannotStartError(f"`{executable}` is not installed: run `make install` again.")
    return found


def program(store: Path, *, port: int) -> Program:
    url = f"nats://{LOOPBACK}:{port}"
    return Program(
        name="nats",
        command=[bundled("nats-server"), "--config", str(PROJECT / "deploy" / "nats" / "local.conf")],
        environment={
            "PAYLINKS_NATS_PORT": str(port),
            # Quoted, because the server reads the value of a variable as a piece of its configuration, and without the
            # `\\u` of JSON, which that does not know.
            "PAYLINKS_NATS_STORE": json.dumps(str(store), ensure_ascii=False),
        },
        is_ready=lambda: nats_answers(url),
    )
