"""The durable state of a simulator, in SQLite.

Statements run on the event loop: one takes 5 to 30 microseconds, less than handing it to a thread. In WAL mode with
`synchronous=NORMAL` a commit is a write to the log without an fsync, so it outlives a kill -9 (not a power cut, which
is beyond a simulator). Checkpoints, which do fsync, run in a thread on a connection of their own.
"""

import contextlib
import fcntl
import re
import sqlite3
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO

from deploy.simulators.process.environment import SettingsError

_BLOCK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


def statements(module: str) -> dict[str, str]:
    """The named statements of the `.sql` file beside the Python file `module`."""
    return dict(_BLOCK.findall(Path(module).with_suffix(".sql").read_text(encoding="utf-8")))


class SqliteStore:
    """All of it belongs to one thread, except `checkpoint`."""

    def __init__(self, folder: Path, *, name: str, schemas: Iterable[str]) -> None:
        """Raises: SettingsError: the folder cannot be used, or another process uses it."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder / "lock")
            self._path = folder / f"{name}.sqlite3"
            self.db = _connected(self._path)
            for schema in schemas:
                self.db.executescript(schema)
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"The {name} simulator cannot keep its data in {folder}: {error}.") from error

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            # A failed COMMIT may have rolled back already.
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    def checkpoint(self) -> None:
        """Move the log into the database file; safe in any thread."""
        with contextlib.closing(_connected(self._path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self.db.close()
        self._lock.close()


def row_id(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:  # pragma: no cover - an INSERT that succeeded has one
        raise sqlite3.IntegrityError("the row has no id")
    return cursor.lastrowid


def _locked(path: Path) -> BinaryIO:
    lock = path.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise OSError("another simulator uses this folder") from None
    return lock


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=64, timeout=5)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    return connection
