"""Our Python programs, started by a fork of a process that has imported them already (tests.support.starter).

They are children of the test run all the same: it waits for them, and the kernel ends them with it. Where the kernel
cannot hand orphans over (other than Linux), and for all other programs, `fork` answers None: start it the ordinary way,
as `make up` and the tests of the whole stack always do.
"""

import array
import asyncio
import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Sequence

import msgspec

from deploy.local.orphans import claim, die_with_parent
from deploy.local.program import PROJECT, Program
from tests.support.starter import MESSAGE_BYTES_MAX, Order, Started

_PR_SET_CHILD_SUBREAPER = 36
_SERVICES = ("services.links", "services.checkout", "services.notify")


class Forked:
    """What tests use of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def __repr__(self) -> str:
        return f"Forked({self.pid})"


async def fork(program: Program, *, log: int) -> Forked | None:
    if sys.platform != "linux" or (ordered := _order(program)) is None:
        return None
    global _starter  # noqa: PLW0603 - one for each process of a run, as its children are
    async with _in_turn:
        starter, _starter = _starter or _Starter(), None
        forked = await starter.start(ordered, log=log)
        # Not where that failed: what a starter answers late is not what the next one asks.
        _starter = starter
    return forked


def _order(program: Program) -> Order | None:
    match list(program.command):
        case [sys.executable, "-m", module, *arguments] if imports := _imports(module):
            return Order(module, arguments, {**os.environ, **program.environment}, imports)
    return None


def _imports(module: str) -> Sequence[str]:
    if module in _SERVICES:
        return [f"{module}.app"]
    if module.startswith("deploy.simulators."):
        return ["deploy.simulators.process.serving", f"{module}.app", f"{module}.settings"]
    return ["shared.runtime.service"] if module == "tests.support.bus_service" else []


class _Starter:
    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.starter", str(theirs.fileno())],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - as where all programs are spawned
            )
        claim(self._process.pid)

    async def start(self, order: Order, *, log: int) -> Forked:
        loop = asyncio.get_running_loop()
        # Only meanwhile: what a stack leaves behind when a test kills it is not this process's to take in.
        _take_in_orphans(True)
        try:
            self._orders.sendmsg(
                [msgspec.json.encode(order)],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [log]))],
            )
            answer = await loop.sock_recv(self._orders, MESSAGE_BYTES_MAX)
        finally:
            _take_in_orphans(False)
        assert answer, "the starter has ended"
        pid = msgspec.json.decode(answer, type=Started).pid
        claim(pid)
        return Forked(pid)


def _take_in_orphans(whether: bool) -> None:  # noqa: FBT001
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, int(whether), 0, 0, 0)


_libc = ctypes.CDLL(None)
_in_turn = asyncio.Lock()
_starter: _Starter | None = None
