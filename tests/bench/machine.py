"""What each process costs: CPU seconds and memory, from /proc."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

_TICKS = os.sysconf("SC_CLK_TCK")
Cpu = dict[str, float]


class Processes:
    """The processes of a stack by name; PostgreSQL is one name for all its backends. `generator` is this process."""

    def __init__(self, pids: Mapping[str, Iterable[int]]) -> None:
        self._pids = {name: list(those) for name, those in pids.items()} | {"generator": [os.getpid()]}

    def cpu(self) -> Cpu:
        """CPU seconds so far."""
        return {
            name: sum(_cpu_seconds(pid) for first in pids for pid in _family(first))
            for name, pids in self._pids.items()
        }

    def memory_mb(self) -> dict[str, float]:
        """PSS: what is shared between processes counts once, divided among them."""
        return {
            name: sum(_pss_kb(pid) for first in pids for pid in _family(first)) / 1024
            for name, pids in self._pids.items()
        }


def spent(before: Cpu, after: Cpu) -> Cpu:
    return {name: after[name] - before[name] for name in after}


def load_average() -> float:
    return os.getloadavg()[0]


def _family(pid: int) -> list[int]:
    """A process with those it started; the generator's own are the stack, which has names of its own."""
    if pid == os.getpid():
        return [pid]
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def _cpu_seconds(pid: int) -> float:
    """Its own, and that of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS


def _pss_kb(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
