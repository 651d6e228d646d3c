"""The durable state, in SQLite. A commit outlives a `kill -9`; everything runs on the event loop and is short."""

import contextlib
import fcntl
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from deploy.simulators.kit.records import Callback, Faults, Payment, Refund, Step

SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (row INTEGER PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL,
    record BLOB NOT NULL, UNIQUE (account, reference));
CREATE TABLE IF NOT EXISTS refunds (row INTEGER PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL,
    payment INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (account, reference));
CREATE TABLE IF NOT EXISTS callbacks (row INTEGER PRIMARY KEY, payment INTEGER NOT NULL, due_ms INTEGER,
    record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS steps (row INTEGER PRIMARY KEY, payment INTEGER NOT NULL, due_ms INTEGER NOT NULL,
    record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS things (kind TEXT NOT NULL, name TEXT NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (kind, name)) WITHOUT ROWID;
"""
Record = TypeVar("Record", Payment, Refund, Callback, Step)
_encode = msgspec.json.Encoder().encode


class StoreError(Exception):
    """The data folder cannot be used; the text is one sentence for people."""


class Store:
    def __init__(self, folder: Path) -> None:
        """Raises: StoreError: the folder cannot be used, or another process uses it."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder / "lock")
            self._db = sqlite3.connect(folder / "simulator.sqlite3", isolation_level=None, timeout=5)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"The simulator cannot keep its data in {folder}: {error}.") from error

    def close(self) -> None:
        self._db.close()
        self._lock.close()

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def add_payment(self, payment: Payment) -> Payment:
        """Raises: sqlite3.IntegrityError: the account has one of this reference."""
        sql = "INSERT INTO payments (account, reference, record) VALUES (?, ?, ?)"
        return _with_row(payment, self._db.execute(sql, (payment.account, payment.reference, _encode(payment))))

    def put_payment(self, payment: Payment) -> None:
        self._db.execute("UPDATE payments SET record = ? WHERE row = ?", (_encode(payment), payment.row))

    def payment(self, row: int) -> Payment | None:
        return _one(Payment, self._db.execute("SELECT row, record FROM payments WHERE row = ?", (row,)))

    def payment_by(self, reference: str, account: str | None = None) -> Payment | None:
        sql = "SELECT row, record FROM payments WHERE reference = ?1 AND (?2 IS NULL OR account = ?2) LIMIT 1"
        return _one(Payment, self._db.execute(sql, (reference, account)))

    def payments(self, reference: str | None, *, after: int, limit: int) -> list[Payment]:
        sql = "SELECT row, record FROM payments WHERE (?1 IS NULL OR reference = ?1) AND row > ?2 ORDER BY row LIMIT ?3"
        return _all(Payment, self._db.execute(sql, (reference, after, limit)))

    def add_refund(self, refund: Refund) -> Refund:
        """Raises: sqlite3.IntegrityError: the account has one of this reference."""
        sql = "INSERT INTO refunds (account, reference, payment, record) VALUES (?, ?, ?, ?)"
        values = (refund.account, refund.reference, refund.payment, _encode(refund))
        return _with_row(refund, self._db.execute(sql, values))

    def put_refund(self, refund: Refund) -> None:
        self._db.execute("UPDATE refunds SET record = ? WHERE row = ?", (_encode(refund), refund.row))

    def refund_by(self, account: str, reference: str) -> Refund | None:
        sql = "SELECT row, record FROM refunds WHERE account = ? AND reference = ?"
        return _one(Refund, self._db.execute(sql, (account, reference)))

    def refunds(self, payment: int) -> list[Refund]:
        return _all(
            Refund, self._db.execute("SELECT row, record FROM refunds WHERE payment = ? ORDER BY row", (payment,))
        )

    def refund(self, row: int) -> Refund | None:
        return _one(Refund, self._db.execute("SELECT row, record FROM refunds WHERE row = ?", (row,)))

    def add_callback(self, callback: Callback) -> Callback:
        sql = "INSERT INTO callbacks (payment, due_ms, record) VALUES (?, ?, ?)"
        return _with_row(callback, self._db.execute(sql, (callback.payment, callback.due_ms, _encode(callback))))

    def put_callback(self, callback: Callback) -> None:
        sql = "UPDATE callbacks SET record = ?, due_ms = ? WHERE row = ?"
        self._db.execute(sql, (_encode(callback), callback.due_ms, callback.row))

    def callback(self, row: int) -> Callback | None:
        return _one(Callback, self._db.execute("SELECT row, record FROM callbacks WHERE row = ?", (row,)))

    def callbacks(self, payment: int | None, *, after: int, limit: int) -> list[Callback]:
        sql = "SELECT row, record FROM callbacks WHERE (?1 IS NULL OR payment = ?1) AND row > ?2 ORDER BY row LIMIT ?3"
        return _all(Callback, self._db.execute(sql, (payment, after, limit)))

    def due_callbacks(self) -> list[tuple[int, int]]:
        return self._db.execute("SELECT row, due_ms FROM callbacks WHERE due_ms IS NOT NULL").fetchall()

    def add_step(self, step: Step) -> int:
        sql = "INSERT INTO steps (payment, due_ms, record) VALUES (?, ?, ?)"
        return int(self._db.execute(sql, (step.payment, step.due_ms, _encode(step))).lastrowid or 0)

    def step(self, row: int) -> Step | None:
        found = self._db.execute("SELECT record FROM steps WHERE row = ?", (row,)).fetchone()
        return msgspec.json.decode(found[0], type=Step) if found else None

    def steps(self) -> list[tuple[int, int]]:
        return self._db.execute("SELECT row, due_ms FROM steps").fetchall()

    def drop_step(self, row: int) -> None:
        self._db.execute("DELETE FROM steps WHERE row = ?", (row,))

    def drop_steps_of(self, payment: int) -> None:
        self._db.execute("DELETE FROM steps WHERE payment = ?", (payment,))

    def put_thing(self, kind: str, name: str, record: Any) -> None:
        """Whatever else a provider keeps under a name: accounts, users, tokens."""
        sql = "INSERT OR REPLACE INTO things (kind, name, record) VALUES (?, ?, ?)"
        self._db.execute(sql, (kind, name, _encode(record)))

    def thing(self, kind: str, name: str) -> bytes | None:
        found = self._db.execute("SELECT record FROM things WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        return found[0] if found else None

    def faults(self) -> Faults:
        record = self.thing("faults", "all")
        return msgspec.json.decode(record, type=Faults) if record else Faults()


def _with_row(record: Record, cursor: sqlite3.Cursor) -> Record:
    return msgspec.structs.replace(record, row=int(cursor.lastrowid or 0))


def _all(kind: type[Record], cursor: sqlite3.Cursor) -> list[Record]:
    return [msgspec.structs.replace(msgspec.json.decode(body, type=kind), row=row) for row, body in cursor]


def _one(kind: type[Record], cursor: sqlite3.Cursor) -> Record | None:
    return next(iter(_all(kind, cursor)), None)


def _locked(path: Path) -> BinaryIO:
    lock = path.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise OSError("another simulator uses this folder") from None
    return lock
