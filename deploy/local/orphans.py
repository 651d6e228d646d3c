"""No process outlives the stack: not when a child dies and leaves its own, and not when the stack itself is killed."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ON_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None)
# Which children a process has is a fact about the whole process, and so is this.
_own: set[int] = set()


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that it can be found and ended."""
    if _ON_LINUX:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> Callable[[], None] | None:
    """What a new child calls before its program starts: the kernel then kills it when this process dies.

    It runs between fork and exec, where Python is safe only because the supervisor has no second thread.
    """
    if not _ON_LINUX:
        return None
    parent, prctl, kill = os.getpid(), _libc.prctl, int(signal.SIGKILL)

    def request() -> None:
        prctl(_PR_SET_PDEATHSIG, kill, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return request


def claim(pid: int) -> None:
    """Say that this process started `pid` itself, and looks after it."""
    _own.add(pid)


def end_orphans() -> None:
    """Kill and reap every process that was adopted: the children that nobody here started."""
    children = _children()
    _own.intersection_update(children)
    for pid in set(children) - _own:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        # Kernels without this list, and systems without /proc: a child's process group is then all that is ended.
        return []
