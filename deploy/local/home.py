import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.faults import CannotStartError


@dataclass(frozen=True, slots=True)
class Home:
    """The data folder of one stack, and where each part keeps its own."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def caddy(self) -> Path:
        return self.root / "caddy"

    @property
    def sandbox(self) -> Path:
        return self.root / "sandbox"

    def simulator(self, name: str) -> Path:
        return self.root / "simulators" / name

    @property
    def mailbox(self) -> Path:
        return self.root / "mailbox"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def secrets_file(self) -> Path:
        return self.root / "secrets.json"

    @property
    def ports_file(self) -> Path:
        return self.root / "ports.json"

    @property
    def local_file(self) -> Path:
        return self.root / "local.json"


@contextmanager
def claimed_home(root: Path) -> Generator[Home]:
    """The data folder, made when it is not there, and locked for this process alone.

    Raises:
        CannotStartError: it is not a folder, cannot be written, or another stack runs on it.
    """
    home = Home(root)
    with _lock(root) as descriptor:
        _write_down_owner(descriptor)
        try:
            for folder in (home.nats, home.caddy, home.sandbox, home.mailbox, home.logs):
                folder.mkdir(exist_ok=True)
            probe = root / ".probe"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise unusable(root, error) from error
        yield home


@contextmanager
def _lock(root: Path) -> Generator[int]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise unusable(root, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise CannotStartError(
            f"Paylinks already runs on '{root}' (process {owner}): stop it with Ctrl-C there, "
            "or set PAYLINKS_HOME and PAYLINKS_PORT to run a second one beside it."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_down_owner(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def unusable(root: Path, error: OSError) -> CannotStartError:
    """What to do about it, for a person."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        where = error.filename or root
        return CannotStartError(
            f"The data folder '{root}' cannot be used because '{where}' is not a folder: "
            "move it away, or set PAYLINKS_HOME to another folder."
        )
    reason = (error.strerror or str(error)).lower()
    if error.filename not in {None, str(root)}:
        reason = f"{reason}: '{error.filename}'"
    return CannotStartError(
        f"Paylinks cannot write to its data folder '{root}' ({reason}): "
        "make it writable, or set PAYLINKS_HOME to a folder that is."
    )
