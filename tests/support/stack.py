"""A whole Paylinks, as `make up` runs it, in a folder and on a port of its own."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.addresses import PORT_NAMES
from deploy.local.program import Program
from tests.support.processes import Server, free_port

READY_SECONDS_MAX = 120


class Stack:
    """Running until `stop`. `local` is the current local.json: PIDs in it change when a child is restarted."""

    def __init__(self, home: Path, environment: dict[str, str] | None = None) -> None:
        self.home = home
        self.port = free_port()
        self._file = home / "local.json"
        self._server = Server(
            Program(
                name="stack",
                command=[sys.executable, "-c", "from deploy.cli.main import main; main()", "up"],
                environment={"PAYLINKS_PORT": str(self.port), "PAYLINKS_HOME": str(home), **(environment or {})},
                is_ready=self._is_ready,
                stop_signal=signal.SIGINT,
                grace_seconds=30,
                ready_seconds_max=READY_SECONDS_MAX,
            ),
            url=f"http://127.0.0.1:{self.port}",
            log=home.with_suffix(".log"),
        )

    @property
    def local(self) -> dict[str, Any]:
        return msgspec.json.decode(self._file.read_bytes())

    @property
    def gateway(self) -> str:
        return self.local["gateway"]

    @property
    def credentials(self) -> dict[str, str]:
        """Headers of the demo organization's native test key."""
        return self.local["credentials"]["native"]

    @property
    def log(self) -> str:
        return self._server.log.read_text()

    def kill(self, part: str) -> None:
        """kill -9 of one part (`links`, `nats` …); the stack restarts it."""
        for pid in self.local["processes"][part]:
            os.kill(pid, signal.SIGKILL)

    async def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        # What it chooses itself is free, but stacks that others start at the same moment may choose it, too.
        if not (remembered := self.home / "ports.json").exists():
            remembered.write_bytes(msgspec.json.encode({name: free_port() for name in PORT_NAMES}))
        # A stack that resumes leaves the file of the last run in place until it is ready.
        self._file.unlink(missing_ok=True)
        await self._server.spawn()
        if not await self._server.ready():
            await self.stop()
            raise AssertionError(f"`paylinks up` is not ready:\n{self.log[-6000:]}")

    async def stop(self) -> None:
        await self._server.stop()

    async def _is_ready(self) -> bool:
        await asyncio.sleep(0.05)
        return self._file.exists()
