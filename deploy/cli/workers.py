"""Several processes of one service on one port, which the kernel spreads connections over."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from deploy.local.exits import describe_exit, ended
from deploy.local.orphans import die_with_parent

STOP_SECONDS_MAX = 8.0
"""A service takes 5 s at most to end in order; what is left after this is killed."""
RESTART_SECONDS_MIN = 0.5
RESTART_SECONDS_MAX = 5.0
STEADY_SECONDS = 10.0
USELESS_STARTS_MAX = 5
"""Ends in a row, each soon after its start: none will ever stay, since a setting is wrong or a port taken."""


class Workers:
    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, count: int) -> None:
        self._command = command
        self._environment = environment
        self._count = count
        self._stopping = asyncio.Event()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    async def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(number)) for number in range(self._count)]
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([*keepers, stopping], return_when=asyncio.FIRST_COMPLETED)
        told = self._stopping.is_set()
        self._stopping.set()
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.terminate()
        _, late = await asyncio.wait(keepers, timeout=STOP_SECONDS_MAX)
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
        if late:
            await asyncio.wait(late)
        stopping.cancel()
        # One that was told before it could listen has ended by the signal itself.
        codes = {number: one.returncode for number, one in self._processes.items()}
        failed = {number: code for number, code in codes.items() if code not in {0, -signal.SIGTERM}}
        for number, code in failed.items():
            print(f"Worker {number + 1} {describe_exit(code)} on its way out.", file=sys.stderr, flush=True)
        return 0 if told and not failed else 1

    async def _keep(self, number: int) -> None:
        """Returns when all are to stop, or when this one does not stay."""
        useless = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            process = self._processes[number] = subprocess.Popen(  # noqa: ASYNC220 - waited for without blocking
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - this process has one thread, see die_with_parent
            )
            code = await ended(process)
            if self._stopping.is_set():
                return
            del self._processes[number]  # how it ended says nothing about how all of them end
            useless = 0 if time.monotonic() - began > STEADY_SECONDS else useless + 1
            print(f"Worker {number + 1} {describe_exit(code)}.", file=sys.stderr, flush=True)
            if useless >= USELESS_STARTS_MAX:
                return
            pause = min(RESTART_SECONDS_MIN * 2**useless, RESTART_SECONDS_MAX)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
