import os
import sys
from typing import Annotated

from cyclopts import Parameter, validators

from deploy.cli.bus.connect import run
from deploy.cli.workers import Workers
from deploy.local.settings import PORT_MAX
from shared.contracts.subjects import Owner

WORKERS_MAX = 64


def serve(
    service: Owner,
    *,
    host: str | None = None,
    port: Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=PORT_MAX))] = None,
    workers: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=WORKERS_MAX))] = 1,
) -> None:
    """Run one service in the foreground, until SIGTERM or Ctrl-C: it finishes what it has, within 5 seconds.

    Its settings come from the environment; docs/settings.md lists them. Exit code 1: something essential ended.

    Example: `paylinks serve links --port 8000`

    Args:
        service: Which one.
        host: Where it listens; else PAYLINKS_HTTP_HOST.
        port: And the port; else PAYLINKS_HTTP_PORT.
        workers: Processes that share the port, each with its own connections and rate limits; one that dies is started
            again. In containers, rather run more of them: /metrics tells of one process.
    """
    environment = dict(os.environ)
    if host is not None:
        environment["PAYLINKS_HTTP_HOST"] = host
    if port is not None:
        environment["PAYLINKS_HTTP_PORT"] = str(port)
    command = [sys.executable, "-m", f"services.{service}"]
    if workers == 1:
        # The service itself becomes this process: it gets the signals, and nothing of the command stays in memory.
        os.execve(command[0], command, environment)  # noqa: S606 - a program of ours, and no shell
    run(Workers(command, environment, count=workers).run())
