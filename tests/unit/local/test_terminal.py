import os
import pty
import signal
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
# As `make` does: it passes no SIGHUP on, and waits.
FIRST = """
import signal, subprocess, sys

signal.signal(signal.SIGHUP, lambda *_: None)
subprocess.run(sys.argv[1:])
"""
STACK = """
import asyncio, os, sys
from pathlib import Path
from deploy.local import terminal

async def run():
    waiting = asyncio.create_task(terminal.closed())
    await asyncio.sleep(0.2)
    (folder / "pid.new").write_text(str(os.getpid()))
    (folder / "pid.new").rename(folder / "pid")
    await waiting
    (folder / "told").touch()

terminal.LOOK_SECONDS = 0.02
folder = Path(sys.argv[1])
if sys.argv[2] == "behind":
    os.setpgid(0, 0)
asyncio.run(run())
"""


def told(folder: Path, where: str) -> bool:
    """Whether who waits in a terminal, in front or behind, is told that it was closed."""
    first, terminal = pty.fork()
    if not first:
        os.chdir(PROJECT)
        os.execv(sys.executable, [sys.executable, "-c", FIRST, sys.executable, "-c", STACK, str(folder), where])
    try:
        assert appears(folder / "pid", seconds=20)
    finally:
        os.close(terminal)
    heard = appears(folder / "told", seconds=10 if where == "in front" else 0.5)
    if not heard:
        os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    os.waitpid(first, 0)
    return heard


def appears(file: Path, *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return file.exists()


def test_who_runs_in_front_is_told_that_the_terminal_was_closed_though_no_signal_comes(tmp_path: Path) -> None:
    assert told(tmp_path, "in front")


def test_who_was_sent_behind_goes_on_without_the_terminal(tmp_path: Path) -> None:
    assert not told(tmp_path, "behind")
