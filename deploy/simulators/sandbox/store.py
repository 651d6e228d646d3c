"""The durable state, in SQLite.

Statements run on the event loop: one takes 5 to 30 microseconds, less than handing it to a thread. In WAL mode with
`synchronous=NORMAL` a commit is a write to the log without an fsync, so it outlives a kill -9 (not a power cut, which
is beyond a sandbox). Checkpoints, which do fsync, run in a thread on a connection of their own.
"""

import contextlib
import fcntl
import re
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from deploy.simulators.sandbox.records import Account, Attempt, Callback, Faults, Payment, Refund, Step, Token
from deploy.simulators.sandbox.settings import SettingsError

_BLOCK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)
SQL: dict[str, str] = dict(_BLOCK.findall(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")))

_payments = msgspec.json.Decoder(Payment)
_refunds = msgspec.json.Decoder(Refund)
_encode = msgspec.json.Encoder().encode


class Store:
    """All of it belongs to one thread, except `checkpoint`."""

    def __init__(self, folder: Path) -> None:
        """Raises: SettingsError: the folder cannot be used, or another process uses it."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder / "lock")
            self._path = folder / "sandbox.sqlite3"
            self._db = _connected(self._path)
            self._db.executescript(SQL["schema"])
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"The sandbox cannot keep its data in {folder}: {error}.") from error

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # A failed COMMIT may have rolled back already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def checkpoint(self) -> None:
        """Move the log into the database file; safe in any thread."""
        with contextlib.closing(_connected(self._path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self._db.close()
        self._lock.close()

    def forget(self, *, answers_before_ms: int, tokens_before_ms: int) -> None:
        self._db.execute(SQL["forget_old_answers"], (answers_before_ms,))
        self._db.execute(SQL["forget_old_tokens"], (tokens_before_ms,))

    def put_account(self, account: Account) -> None:
        self._db.execute(SQL["put_account"], (account.id, account.reference, _encode(account)))

    def accounts(self) -> list[Account]:
        return [msgspec.json.decode(record, type=Account) for (record,) in self._db.execute(SQL["all_accounts"])]

    def insert_payment(self, payment: Payment) -> None:
        self._db.execute(SQL["insert_payment"], (payment.id, payment.account, payment.reference, _encode(payment)))

    def update_payment(self, payment: Payment) -> None:
        self._db.execute(SQL["update_payment"], (_encode(payment), payment.id))

    def payment(self, payment_id: str) -> Payment | None:
        return _payment(self._db.execute(SQL["payment_by_id"], (payment_id,)).fetchone())

    def payment_by_reference(self, account: str, reference: str) -> Payment | None:
        return _payment(self._db.execute(SQL["payment_by_reference"], (account, reference)).fetchone())

    def ledger(
        self, account: str | None, reference: str | None, *, after: str | None, limit: int
    ) -> list[tuple[Payment, int]]:
        """Payments oldest first, each with how often money was captured for it."""
        rows = self._db.execute(SQL["ledger"], (account, reference, after, limit))
        return [(_payments.decode(record), captured) for record, captured in rows]

    def insert_capture(self, payment: Payment, at_ms: int) -> None:
        self._db.execute(SQL["insert_capture"], (payment.id, payment.amount, payment.currency, at_ms))

    def capture_count(self, payment_id: str) -> int:
        return int(self._db.execute(SQL["capture_count"], (payment_id,)).fetchone()[0])

    def insert_answer(self, account: str, key: str, *, fingerprint: bytes, answer: bytes, now_ms: int) -> None:
        self._db.execute(SQL["insert_answer"], (account, key, fingerprint, answer, now_ms))

    def answer(self, account: str, key: str) -> tuple[bytes, bytes] | None:
        """The fingerprint and the answer that were stored under this key."""
        return self._db.execute(SQL["answer"], (account, key)).fetchone()

    def insert_refund(self, refund: Refund) -> int:
        row = (refund.id, refund.account, refund.payment, refund.reference, refund.due_ms, _encode(refund))
        return _row_id(self._db.execute(SQL["insert_refund"], row))

    def update_refund(self, refund: Refund) -> None:
        self._db.execute(SQL["update_refund"], (refund.due_ms, _encode(refund), refund.id))

    def refund(self, refund_id: str) -> Refund | None:
        return _refund(self._db.execute(SQL["refund_by_id"], (refund_id,)).fetchone())

    def refund_by_row(self, row_id: int) -> Refund | None:
        return _refund(self._db.execute(SQL["refund_by_row"], (row_id,)).fetchone())

    def refund_by_reference(self, account: str, reference: str) -> Refund | None:
        return _refund(self._db.execute(SQL["refund_by_reference"], (account, reference)).fetchone())

    def refunds_of(self, payment_id: str | None, *, limit: int) -> list[Refund]:
        """Oldest first."""
        rows = self._db.execute(SQL["refunds_of"], (payment_id, limit))
        return [_refunds.decode(record) for (record,) in rows]

    def due_refunds(self) -> list[tuple[int, int]]:
        """Row and due time of every refund that will still change by itself."""
        return self._db.execute(SQL["due_refunds"]).fetchall()

    def insert_token(self, token: Token) -> None:
        self._db.execute(SQL["insert_token"], (token.id, token.account, token.acts_like, token.expires_ms, token.used))

    def token(self, token_id: str) -> Token | None:
        row = self._db.execute(SQL["token"], (token_id,)).fetchone()
        return Token(*row[:4], used=bool(row[4])) if row else None

    def use_token(self, token_id: str) -> None:
        self._db.execute(SQL["use_token"], (token_id,))

    def insert_step(self, step: Step) -> int:
        row = (step.payment, step.due_ms, step.status, step.failure_code)
        return _row_id(self._db.execute(SQL["insert_step"], row))

    def step(self, row_id: int) -> Step | None:
        row = self._db.execute(SQL["step"], (row_id,)).fetchone()
        return Step(*row) if row else None

    def delete_step(self, row_id: int) -> None:
        self._db.execute(SQL["delete_step"], (row_id,))

    def delete_steps_of(self, payment_id: str) -> None:
        self._db.execute(SQL["delete_steps_of"], (payment_id,))

    def all_steps(self) -> list[tuple[int, int]]:
        """Row and due time of every step."""
        return self._db.execute(SQL["all_steps"]).fetchall()

    def insert_callback(self, callback: Callback) -> int:
        return _row_id(self._db.execute(SQL["insert_callback"], msgspec.structs.astuple(callback)[1:]))

    def callback(self, row_id: int) -> Callback | None:
        return _callback(self._db.execute(SQL["callback"], (row_id,)).fetchone())

    def last_callback_of_type(self, payment_id: str, event_type: str) -> Callback | None:
        return _callback(self._db.execute(SQL["last_callback_of_type"], (payment_id, event_type)).fetchone())

    def callbacks(self, payment_id: str | None, *, after: int, limit: int) -> list[Callback]:
        rows = self._db.execute(SQL["callbacks_after"], (payment_id, after, limit))
        return [callback for row in rows if (callback := _callback(row))]

    def due_callbacks(self) -> list[tuple[int, int]]:
        """Row and due time of every callback that was not answered yet."""
        return self._db.execute(SQL["due_callbacks"]).fetchall()

    def update_callback(self, callback: Callback) -> None:
        row = (callback.state, callback.attempts, callback.due_ms, callback.row)
        self._db.execute(SQL["update_callback"], row)

    def insert_attempt(self, attempt: Attempt) -> None:
        self._db.execute(SQL["insert_attempt"], msgspec.structs.astuple(attempt))

    def attempts_of(self, callback_row: int) -> list[Attempt]:
        rows = self._db.execute(SQL["attempts_of"], (callback_row,))
        return [
            Attempt(callback=callback, at_ms=at_ms, duration_ms=duration_ms, status=status, error=error)
            for callback, at_ms, duration_ms, status, error in rows
        ]

    def put_faults(self, faults: Faults) -> None:
        self._db.execute(SQL["put_faults"], (_encode(faults),))

    def faults(self) -> Faults | None:
        row = self._db.execute(SQL["faults"]).fetchone()
        return msgspec.json.decode(row[0], type=Faults) if row else None


def _locked(path: Path) -> BinaryIO:
    lock = path.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise OSError("another sandbox uses this folder") from None
    return lock


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=64, timeout=5)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    return connection


def _row_id(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:  # pragma: no cover - an INSERT that succeeded has one
        raise sqlite3.IntegrityError("the row has no id")
    return cursor.lastrowid


def _payment(row: tuple[bytes] | None) -> Payment | None:
    return _payments.decode(row[0]) if row else None


def _refund(row: tuple[bytes] | None) -> Refund | None:
    return _refunds.decode(row[0]) if row else None


def _callback(row: tuple[Any, ...] | None) -> Callback | None:
    if row is None:
        return None
    # SQLite has no booleans; msgspec's lax mode reads 0 and 1 as such.
    return msgspec.convert(dict(zip(Callback.__struct_fields__, row, strict=True)), Callback, strict=False)
