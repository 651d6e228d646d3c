"""A process that has imported what services need, and forks them: `python -m tests.support.starter <descriptor>`.

A service computes for a second to import itself, and tests start hundreds. See tests.support.forking, which asks it.
"""

import array
import ctypes
import gc
import importlib
import os
import runpy
import signal
import socket
import sys
import time

import msgspec

from shared.runtime import crash

MESSAGE_BYTES_MAX = 64 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Order(msgspec.Struct, frozen=True):
    """Comes with the descriptor of the log. `imports` is what to have imported beforehand."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    imports: list[str]


class Started(msgspec.Struct, frozen=True):
    pid: int


def main(descriptor: int) -> None:
    """Starts what is ordered until the test run closes its end, or dies. In a started process it returns, too."""
    orders = socket.socket(fileno=descriptor)
    parent = os.getppid()
    while order := _next(orders):
        what, log = order
        for module in what.imports:
            importlib.import_module(module)
        # What all of them share is left alone by each one's collector, so that its memory stays shared.
        gc.collect()
        gc.freeze()
        pid = _grandchild()
        if pid == 0:
            orders.close()
            _become(what, log=log, parent=parent)
            return
        os.close(log)
        orders.send(msgspec.json.encode(Started(pid)))


def _next(orders: socket.socket) -> tuple[Order, int] | None:
    message, sent, _, _ = orders.recvmsg(MESSAGE_BYTES_MAX, socket.CMSG_LEN(4))
    if not message:
        return None
    descriptors = array.array("i", sent[0][2][:4])
    return msgspec.json.decode(message, type=Order), descriptors[0]


def _grandchild() -> int:
    """0 in it. Its parent ends at once: the test run, which takes in orphans, is its parent when this returns."""
    reading, writing = os.pipe()
    if middle := os.fork():
        os.close(writing)
        pid = int(os.read(reading, 20))
        os.close(reading)
        os.waitpid(middle, 0)
        return pid
    pid = os.fork()
    if pid:
        os.write(writing, str(pid).encode())
        os._exit(0)
    os.close(reading)
    os.close(writing)
    return 0


def _become(order: Order, *, log: int, parent: int) -> None:
    os.setsid()
    while os.getppid() != parent:
        time.sleep(0.001)
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    os.environ.clear()
    os.environ.update(order.environment)
    # The one thing that our modules take from the environment when they are imported.
    crash._left.clear()
    crash._left.update(crash._plan())
    sys.argv = [order.module, *order.arguments]
    runpy.run_module(order.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
