"""Links as a process of its own, which may be told where to die."""

import sys
from pathlib import Path

from deploy.local.probes import http_answers
from deploy.local.program import Program
from tests.support.links import GATED_ISSUER, GATED_SECRET, PUBLIC_URL, SECRET_KEY
from tests.support.processes import Server, free_port


def links_process(dsn: str, *, nats_url: str, folder: Path, crash: str = "", probe: str = "/health") -> Server:
    """Not yet started; `crash` is a place of shared/runtime/crash.py."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = Program(
        name="links",
        command=[sys.executable, "-m", "services.links"],
        environment={
            "PAYLINKS_HTTP_PORT": str(port),
            "PAYLINKS_POSTGRES_DSN": dsn,
            "PAYLINKS_NATS_URL": nats_url,
            "PAYLINKS_PUBLIC_URL": PUBLIC_URL,
            "PAYLINKS_SECRET_KEY": SECRET_KEY,
            "PAYLINKS_TEST_MODE": "1",
            "PAYLINKS_GATED_JWT_SECRET": GATED_SECRET,
            "PAYLINKS_GATED_JWT_ISSUER": GATED_ISSUER,
            "PAYLINKS_CRASH": crash,
        },
        is_ready=lambda: http_answers(f"{url}{probe}", status_max=299),
        ready_seconds_max=20,
    )
    return Server(program, url=url, log=folder / f"links-{port}.log")
