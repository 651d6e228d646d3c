"""Payments, refunds, and what is due to happen to them, in a simulator's SQLite file."""

import sqlite3
from pathlib import Path
from typing import TypeVar

import msgspec

from deploy.simulators.ledger.records import Payment, Refund, Step
from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.process.sqlite import row_id, statements

SQL = statements(__file__)
Record = TypeVar("Record", Payment, Refund)
_encode = msgspec.json.Encoder().encode


class LedgerStore(DocumentStore):
    def __init__(self, folder: Path, *, name: str) -> None:
        """Raises: SettingsError: the folder cannot be used, or another process uses it."""
        super().__init__(folder, name=name, schemas=[SQL["schema"]])

    def add_payment(self, payment: Payment) -> Payment:
        """Raises: sqlite3.IntegrityError: the account has one of this reference."""
        added = self.db.execute(SQL["add_payment"], (payment.account, payment.reference, _encode(payment)))
        return msgspec.structs.replace(payment, row=row_id(added))

    def put_payment(self, payment: Payment) -> None:
        self.db.execute(SQL["put_payment"], (_encode(payment), payment.row))

    def payment(self, row: int) -> Payment | None:
        return _one(Payment, self.db.execute(SQL["payment"], (row,)))

    def payment_by(self, reference: str, account: str | None = None) -> Payment | None:
        return _one(Payment, self.db.execute(SQL["payment_by"], (reference, account)))

    def payments(self, reference: str | None, *, after: int, limit: int) -> list[Payment]:
        return _all(Payment, self.db.execute(SQL["payments"], (reference, after, limit)))

    def add_refund(self, refund: Refund) -> Refund:
        """Raises: sqlite3.IntegrityError: the account has one of this reference."""
        values = (refund.account, refund.reference, refund.payment, _encode(refund))
        return msgspec.structs.replace(refund, row=row_id(self.db.execute(SQL["add_refund"], values)))

    def put_refund(self, refund: Refund) -> None:
        self.db.execute(SQL["put_refund"], (_encode(refund), refund.row))

    def refund_by(self, account: str, reference: str) -> Refund | None:
        return _one(Refund, self.db.execute(SQL["refund_by"], (account, reference)))

    def refunds(self, payment: int) -> list[Refund]:
        return _all(Refund, self.db.execute(SQL["refunds"], (payment,)))

    def refund(self, row: int) -> Refund | None:
        return _one(Refund, self.db.execute(SQL["refund"], (row,)))

    def add_step(self, step: Step) -> int:
        return row_id(self.db.execute(SQL["add_step"], (step.payment, step.due_ms, _encode(step))))

    def step(self, row: int) -> Step | None:
        found = self.db.execute(SQL["step"], (row,)).fetchone()
        return msgspec.json.decode(found[0], type=Step) if found else None

    def steps(self) -> list[tuple[int, int]]:
        """Row and due time."""
        return self.db.execute(SQL["steps"]).fetchall()

    def drop_step(self, row: int) -> None:
        self.db.execute(SQL["drop_step"], (row,))

    def drop_steps_of(self, payment: int) -> None:
        self.db.execute(SQL["drop_steps_of"], (payment,))


def _all(kind: type[Record], cursor: sqlite3.Cursor) -> list[Record]:
    return [msgspec.structs.replace(msgspec.json.decode(body, type=kind), row=row) for row, body in cursor]


def _one(kind: type[Record], cursor: sqlite3.Cursor) -> Record | None:
    return next(iter(_all(kind, cursor)), None)
