import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from deploy.local.exits import describe_exit, ended
from deploy.local.faults import CannotStartError
from deploy.local.logs import open_log, set_aside, tail
from deploy.local.orphans import end_orphans
from deploy.local.program import Program, spawn
from deploy.local.progress import Progress

POLL_SECONDS = 0.03
BACKOFF_SECONDS_MIN = 0.1
BACKOFF_SECONDS_MAX = 5.0
# One that lived this long is taken as well again, and its next restart is quick.
STEADY_SECONDS = 10.0


class Child:
    """One supervised process: started until ready, started again whenever it dies, stopped in the end."""

    def __init__(self, program: Program, *, log: Path, progress: Progress, on_restart: Callable[[], None]) -> None:
        self.program = program
        self._log = log
        self._progress = progress
        self._on_restart = on_restart
        self._process: subprocess.Popen[bytes] | None = None
        self._spawned_at = 0.0
        set_aside(log)

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            CannotStartError: it ended instead, or did not become ready in its time.
        """
        process = self._spawn()
        if await self._ready(process):
            self._progress.tell(self.name, "ready")
            return
        code = process.poll()
        await self.stop(hurry=asyncio.Event())
        raise CannotStartError(self._why_not(code))

    async def keep(self) -> None:
        """For ever: notice that it died, clear up what it left, and start it again, ever later if it keeps dying."""
        backoff_seconds = BACKOFF_SECONDS_MIN
        while self._process:
            code = await ended(self._process)
            end_orphans()
            if time.monotonic() - self._spawned_at > STEADY_SECONDS:
                backoff_seconds = BACKOFF_SECONDS_MIN
            self._progress.tell(self.name, f"{describe_exit(code)}; starting it again")
            await asyncio.sleep(backoff_seconds)
            backoff_seconds = min(backoff_seconds * 2, BACKOFF_SECONDS_MAX)
            try:
                process = self._spawn()
            except CannotStartError as error:
                # Its program may be back in a moment: an upgrade replaces it.
                self._progress.warn(str(error))
                continue
            self._on_restart()
            if await self._ready(process):
                self._progress.tell(self.name, "ready again")

    async def stop(self, *, hurry: asyncio.Event) -> None:
        """Ask it to stop; kill it and its group when it takes too long or there is a hurry."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        if not hurry.is_set():
            process.send_signal(self.program.stop_signal)
            gone, rushed = asyncio.ensure_future(ended(process)), asyncio.ensure_future(hurry.wait())
            await asyncio.wait({gone, rushed}, timeout=self.program.grace_seconds, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            rushed.cancel()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await ended(process)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        log = open_log(self._log)
        try:
            self._process = spawn(self.program, log=log)
        except OSError as error:
            raise CannotStartError(f"{self.name} cannot be started: {error}.") from error
        finally:
            os.close(log)
        self._spawned_at = time.monotonic()
        return self._process

    async def _ready(self, process: "subprocess.Popen[bytes]") -> bool:
        """Whether it became ready, before it ended and before its time ran out."""
        until = time.monotonic() + self.program.ready_seconds_max
        while process.poll() is None and time.monotonic() < until:
            if await self.program.is_ready():
                return process.poll() is None
            await asyncio.sleep(POLL_SECONDS)
        return False

    def _why_not(self, code: int | None) -> str:
        what = (
            f"did not become ready within {self.program.ready_seconds_max:.0f} s"
            if code is None
            else f"{describe_exit(code)} instead of starting"
        )
        last_lines = tail(self._log)
        return f"{self.name} {what}: see '{self._log}'." + (f" Its last lines:\n{last_lines}" if last_lines else "")
