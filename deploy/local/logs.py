import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE_MAX = 32 * 1024 * 1024
CHECK_SECONDS = 15
TAIL_BYTES = 4 * 1024


def set_aside(path: Path) -> None:
    """Keep the log of the run before as `<name>.1`, and only that one."""
    if path.exists():
        path.replace(_previous(path))


def open_log(path: Path) -> int:
    """A descriptor that always writes at the end: the file may be cut short under its writer."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def tail(path: Path, *, lines_max: int = 12) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines_max:])


async def keep_short(folder: Path) -> None:
    """For ever: let a log begin again when it grew too long, and keep what it said as `<name>.1`."""
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        cut_long_logs(folder, size_max=SIZE_MAX)


def cut_long_logs(folder: Path, *, size_max: int) -> None:
    for path in folder.glob("*.log"):
        # Somebody may take it away meanwhile, and a full disk is no reason to let it grow.
        with suppress(OSError):
            if path.stat().st_size > size_max:
                # Its writer holds it open, so it is copied and cut, not renamed.
                with suppress(OSError):
                    shutil.copyfile(path, _previous(path))
                os.truncate(path, 0)


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
