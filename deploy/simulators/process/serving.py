"""One simulator, one process, one event loop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from deploy.simulators.process.environment import SettingsError
from deploy.simulators.process.log import log
from deploy.simulators.process.simulator import Simulator

STOP_SECONDS = 1.0


def run(build: Callable[[], tuple[Simulator, str, int]]) -> int:
    """Serve what `build` makes (with its host and port) until SIGTERM or SIGINT; answers the exit code.

    `build` runs inside the loop and may raise SettingsError.
    """
    try:
        uvloop.run(_serve(build))
    except SettingsError as error:
        log(str(error))
        return 1
    return 0


async def _serve(build: Callable[[], tuple[Simulator, str, int]]) -> None:
    simulator, host, port = build()
    _require_free_port(host, port)
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, simulator.stopping.set)
    server = Server(
        simulator.http, host, port, interface=Interfaces.ASGI, backlog=1024, log_enabled=False, websockets=False
    )
    simulator.start()
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(simulator.stopping.wait())
    log(f"listening on {host}:{port}")
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    simulator.stopping.set()
    server.stop()
    # A client that keeps its connection open is not waited for.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(serving, STOP_SECONDS)
    await simulator.stop()
    log("stopped")


def _require_free_port(host: str, port: int) -> None:
    # Granian binds with SO_REUSEPORT: a second simulator would silently share the port of the first.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f"Port {port} on {host} cannot be used: {error.strerror}.") from error
