"""Processes that tests start, kill, freeze and start again. None of them outlives the test run.

Each child asks the kernel to die with pytest (see deploy.local.orphans), so that a kill -9 of the run leaves nothing.
"""

import asyncio
import os
import random
import signal
import subprocess
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import psutil

from deploy.local.exits import ended
from deploy.local.ports import is_free
from deploy.local.program import Program, spawn
from tests.support.forking import Forked, fork

POLL_SECONDS = 0.02
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
# Below the range of outgoing ports, and not what `make up` chooses from, so that a stack that a test starts does not
# race for these. Each process of a run has its own, and takes them in turn: that of a server which was killed, or has
# not been started yet, is free for a while and must not be given to another.
PORTS = range(30_000 + _PROCESS, 32_700, _PROCESSES)
_in_turn = cycle(random.sample(PORTS, k=len(PORTS)))


def free_port() -> int:
    for port in islice(_in_turn, len(PORTS)):
        if is_free(port):
            return port
    raise RuntimeError("no free port")


class Server:
    """One process on a port that stays the same over kills and restarts."""

    def __init__(self, program: Program, *, url: str, log: Path) -> None:
        self.program = program
        self.url = url
        self.log = log
        self.process: subprocess.Popen[bytes] | Forked | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.program.name} was not started"
        return self.process.pid

    async def start(self) -> None:
        """Starts it and returns once it answers. A killed predecessor may hold its port or memory for a moment."""
        for _ in range(4):
            await self.spawn()
            if await self.ready():
                return
            await self.stop()
            await asyncio.sleep(0.3)
        raise AssertionError(f"{self.program.name} does not start:\n{self.log.read_text()[-4000:]}")

    async def spawn(self) -> None:
        """Starts it and does not wait."""
        with self.log.open("ab") as log:
            self.process = await fork(self.program, log=log.fileno()) or spawn(self.program, log=log.fileno())

    async def ready(self) -> bool:
        assert self.process is not None
        until = asyncio.get_running_loop().time() + self.program.ready_seconds_max
        while self.process.poll() is None and asyncio.get_running_loop().time() < until:
            if await self.program.is_ready():
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def exited(self) -> int:
        """Waits for its end and returns the exit code, negative for a signal."""
        assert self.process is not None
        return await ended(self.process)

    async def kill(self) -> None:
        """kill -9, of its children too (PostgreSQL's backends stand in groups of their own)."""
        self._signal(signal.SIGKILL)
        await self.exited()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.thaw()
        with suppress(ProcessLookupError):
            os.kill(self.pid, self.program.stop_signal)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended(self.process), self.program.grace_seconds)
        await self.kill()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(psutil.NoSuchProcess):
            whole = psutil.Process(self.pid)
            for process in [whole, *whole.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
