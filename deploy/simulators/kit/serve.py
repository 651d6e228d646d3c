"""One process, one event loop: Litestar on Granian, a scheduler, and callbacks on their way."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from litestar.datastructures import State

from deploy.simulators.kit.control import CONTROL_ROUTES
from deploy.simulators.kit.delivery import Delivery
from deploy.simulators.kit.http import BODY_BYTES_MAX, EXCEPTION_HANDLERS, log
from deploy.simulators.kit.ledger import Ledger, Render
from deploy.simulators.kit.store import Store, StoreError
from deploy.simulators.process.moments import now_ms
from deploy.simulators.process.scheduler import Scheduler
from shared.runtime.unread import reads_to_the_end

STOP_SECONDS = 1.0
APPROVE_AFTER_MS_DEFAULT = 1_000
KEY_CHARS_MIN = 16
PORT_MAX = 65_535


class SettingsError(Exception):
    """The environment does not describe a provider that could start; the text is one sentence for people."""


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What every simulator is told. `url` is its own origin."""

    host: str
    port: int
    data: Path
    url: str
    control_key: str
    approve_after_ms: int


class Environment:
    """Variables of one simulator: `PAYLINKS_<NAME>_SIM_<what>`."""

    def __init__(self, name: str, environ: Mapping[str, str] = os.environ) -> None:
        self._prefix = f"PAYLINKS_{name}_SIM_"
        self._environ = environ

    def text(self, what: str, default: str | None = None) -> str:
        """Raises: SettingsError: it is not set, and there is no default."""
        value = self._environ.get(self._prefix + what, "").strip() or default
        if value is None:
            raise SettingsError(f"{self._prefix}{what} is not set.")
        return value

    def key(self, what: str) -> str:
        """Raises: SettingsError: it is not set, or too short to be one."""
        if len(value := self.text(what)) < KEY_CHARS_MIN:
            raise SettingsError(f"{self._prefix}{what} is shorter than {KEY_CHARS_MIN} characters.")
        return value

    def number(self, what: str, *, maximum: int, default: int | None = None) -> int:
        raw = self.text(what, None if default is None else str(default))
        if not raw.isascii() or not raw.isdigit() or int(raw) > maximum:
            raise SettingsError(f"{self._prefix}{what} is not a whole number from 0 to {maximum}.")
        return int(raw)

    def common(self) -> Common:
        port = self.number("PORT", maximum=PORT_MAX)
        host = self.text("HOST", "127.0.0.1")
        return Common(
            host=host,
            port=port,
            data=Path(self.text("DATA")),
            url=self.text("URL", f"http://{host}:{port}").rstrip("/"),
            control_key=self.key("CONTROL_KEY"),
            approve_after_ms=self.number("APPROVE_AFTER_MS", maximum=3_600_000, default=APPROVE_AFTER_MS_DEFAULT),
        )


class Simulator:
    """`state` is what the provider's own routes find in `app.state`, beside `ledger`, `common` and `stopping`."""

    def __init__(
        self,
        common: Common,
        routes: Sequence[Any],
        *,
        render: Render,
        retry_delays_ms: tuple[int, ...],
        state: dict[str, Any],
    ) -> None:
        """Raises: StoreError."""
        self.common = common
        self.stopping = asyncio.Event()
        self.store = Store(common.data)
        self._scheduler = Scheduler(now_ms)
        self.ledger = Ledger(
            self.store, self._scheduler, render=render, now_ms=now_ms, approve_after_ms=common.approve_after_ms
        )
        self._delivery = Delivery(self.store, retry_delays_ms=retry_delays_ms, now_ms=now_ms)
        self._delivery.schedule = self.ledger.schedule_callback = self._scheduler.register(self._delivery.start)
        known = {
            "ledger": self.ledger,
            "common": common,
            "control_key": common.control_key,
            "stopping": self.stopping,
        }
        app = Litestar(
            route_handlers=[*CONTROL_ROUTES, *routes],
            exception_handlers=EXCEPTION_HANDLERS,
            request_max_body_size=BODY_BYTES_MAX,
            state=State(known | state),
            openapi_config=None,
            logging_config=None,
        )
        self.http = reads_to_the_end(app)

    async def serve(self) -> None:
        """Until SIGTERM or SIGINT. Raises: SettingsError: the port cannot be used."""
        common = self.common
        _require_free_port(common)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        server = Server(
            self.http,
            common.host,
            common.port,
            interface=Interfaces.ASGI,
            backlog=1024,
            log_enabled=False,
            websockets=False,
        )
        self.ledger.resume()
        scheduling = asyncio.create_task(self._scheduler.run())
        serving = asyncio.create_task(server.serve())
        stopped = asyncio.create_task(self.stopping.wait())
        log(f"listening on {common.host}:{common.port}")
        # A scheduler that died would leave a provider that looks alive: better to stop and be restarted.
        await asyncio.wait({serving, stopped, scheduling}, return_when=asyncio.FIRST_COMPLETED)
        self.stopping.set()
        server.stop()
        scheduling.cancel()
        # A client that keeps its connection open is not waited for.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serving, STOP_SECONDS)
        await self._delivery.stop()
        self.store.close()


def main(make: Callable[[], Simulator]) -> int:
    """`make` runs inside the event loop."""

    async def run() -> None:
        await make().serve()

    try:
        uvloop.run(run())
    except (SettingsError, StoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _require_free_port(common: Common) -> None:
    # Granian binds with SO_REUSEPORT: a second simulator would silently share the port of the first.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((common.host, common.port))
        except OSError as error:
            raise SettingsError(f"Port {common.port} on {common.host} cannot be used: {error.strerror}.") from error
