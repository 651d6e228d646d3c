import asyncio
import os
import subprocess

POLL_SECONDS = 0.1


async def ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait until it has ended, without a thread and without polling where the kernel can tell; its exit code."""
    if process.poll() is None and hasattr(os, "pidfd_open"):
        descriptor = os.pidfd_open(process.pid)
        try:
            await _readable(descriptor)
        finally:
            os.close(descriptor)
    while process.poll() is None:  # noqa: ASYNC110 - nothing tells, where there is no pidfd
        await asyncio.sleep(POLL_SECONDS)
    return process.returncode


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, lambda: told.done() or told.set_result(None))
    try:
        await told
    finally:
        loop.remove_reader(descriptor)


def describe_exit(code: int) -> str:
    """`ended with code 1`, or `was killed by signal 9`."""
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
