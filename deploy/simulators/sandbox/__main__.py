"""`python -m deploy.simulators.sandbox`: one process, one event loop."""

import asyncio
import contextlib
import signal
import socket
import sys

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from deploy.simulators.sandbox.app import Sandbox
from deploy.simulators.sandbox.log import log
from deploy.simulators.sandbox.settings import Settings, SettingsError, load_settings

STOP_SECONDS = 1.0


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises: SettingsError: the port or the data folder cannot be used."""
    _require_free_port(settings)
    sandbox = Sandbox(settings)
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, sandbox.stopping.set)
    server = Server(
        sandbox.http,
        settings.host,
        settings.port,
        interface=Interfaces.ASGI,
        backlog=1024,
        log_enabled=False,
        websockets=False,
    )
    sandbox.start()
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(sandbox.stopping.wait())
    log(f"listening on {settings.host}:{settings.port}")
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    sandbox.stopping.set()
    server.stop()
    # A client that keeps its connection open is not waited for.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(serving, STOP_SECONDS)
    await sandbox.stop()
    log("stopped")


def _require_free_port(settings: Settings) -> None:
    # Granian binds with SO_REUSEPORT: a second sandbox would silently share the port of the first.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}.") from error


def main() -> int:
    try:
        uvloop.run(serve(load_settings()))
    except SettingsError as error:
        log(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
