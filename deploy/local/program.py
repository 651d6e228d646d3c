import os
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.exits import ended
from deploy.local.orphans import claim, die_with_parent

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A part of the stack that runs as a process: how it is started, when it is ready, and how it is stopped."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 6.0
    ready_seconds_max: float = 45.0


def spawn(program: Program, *, log: int) -> "subprocess.Popen[bytes]":
    """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone, which then stops all in order."""
    process = subprocess.Popen(
        program.command,
        cwd=PROJECT,
        env={**os.environ, **program.environment},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - the supervisor is single-threaded, see die_with_parent
    )
    claim(process.pid)
    return process


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    output: bytes
    errors: str


async def run_tool(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, standard_input: bytes = b""
) -> Finished:
    """Run a short program to its end. Files, not pipes, hold what it says, however much that is."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        source.write(standard_input)
        source.seek(0)
        process = subprocess.Popen(  # noqa: ASYNC220 - waited for without blocking, by `ended`
            command,
            cwd=PROJECT,
            env={**os.environ, **(environment or {})},
            stdin=source,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - as above
        )
        claim(process.pid)
        try:
            await ended(process)
        finally:
            # Cancelled: Ctrl-C while it ran.
            if process.poll() is None:
                process.kill()
            code = process.wait()
        output.seek(0)
        errors.seek(0)
        return Finished(code, output.read(), errors.read().decode(errors="replace").strip())
