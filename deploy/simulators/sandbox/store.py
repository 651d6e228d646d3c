"""Accounts, payments and what they need, in the sandbox's SQLite file."""

from pathlib import Path

import msgspec

from deploy.simulators.callbacks.store import CallbackStore
from deploy.simulators.process.sqlite import row_id, statements
from deploy.simulators.sandbox.records import Account, Faults, Payment, Refund, Step, Token

SQL = statements(__file__)

_payments = msgspec.json.Decoder(Payment)
_refunds = msgspec.json.Decoder(Refund)
_encode = msgspec.json.Encoder().encode


class Store(CallbackStore):
    def __init__(self, folder: Path) -> None:
        """Raises: SettingsError: the folder cannot be used, or another process uses it."""
        super().__init__(folder, name="sandbox", schemas=[SQL["schema"]])

    def forget(self, *, answers_before_ms: int, tokens_before_ms: int) -> None:
        self.db.execute(SQL["forget_old_answers"], (answers_before_ms,))
        self.db.execute(SQL["forget_old_tokens"], (tokens_before_ms,))

    def put_account(self, account: Account) -> None:
        self.db.execute(SQL["put_account"], (account.id, account.reference, _encode(account)))

    def accounts(self) -> list[Account]:
        return [msgspec.json.decode(record, type=Account) for (record,) in self.db.execute(SQL["all_accounts"])]

    def insert_payment(self, payment: Payment) -> None:
        self.db.execute(SQL["insert_payment"], (payment.id, payment.account, payment.reference, _encode(payment)))

    def update_payment(self, payment: Payment) -> None:
        self.db.execute(SQL["update_payment"], (_encode(payment), payment.id))

    def payment(self, payment_id: str) -> Payment | None:
        return _payment(self.db.execute(SQL["payment_by_id"], (payment_id,)).fetchone())

    def payment_by_reference(self, account: str, reference: str) -> Payment | None:
        return _payment(self.db.execute(SQL["payment_by_reference"], (account, reference)).fetchone())

    def ledger(
        self, account: str | None, reference: str | None, *, after: str | None, limit: int
    ) -> list[tuple[Payment, int]]:
        """Payments oldest first, each with how often money was captured for it."""
        rows = self.db.execute(SQL["ledger"], (account, reference, after, limit))
        return [(_payments.decode(record), captured) for record, captured in rows]

    def payments_created(
        self, account: str, from_ms: int, before_ms: int, *, after: str | None, limit: int
    ) -> list[Payment]:
        """Oldest first."""
        rows = self.db.execute(SQL["payments_created"], (account, from_ms, before_ms, after, limit))
        return [_payments.decode(record) for (record,) in rows]

    def refunds_created(
        self, account: str, from_ms: int, before_ms: int, *, after: str | None, limit: int
    ) -> list[Refund]:
        """Oldest first."""
        rows = self.db.execute(SQL["refunds_created"], (account, from_ms, before_ms, after, limit))
        return [_refunds.decode(record) for (record,) in rows]

    def insert_capture(self, payment: Payment, at_ms: int) -> None:
        self.db.execute(SQL["insert_capture"], (payment.id, payment.amount, payment.currency, at_ms))

    def capture_count(self, payment_id: str) -> int:
        return int(self.db.execute(SQL["capture_count"], (payment_id,)).fetchone()[0])

    def insert_answer(self, account: str, key: str, *, fingerprint: bytes, answer: bytes, now_ms: int) -> None:
        self.db.execute(SQL["insert_answer"], (account, key, fingerprint, answer, now_ms))

    def answer(self, account: str, key: str) -> tuple[bytes, bytes] | None:
        """The fingerprint and the answer that were stored under this key."""
        return self.db.execute(SQL["answer"], (account, key)).fetchone()

    def insert_refund(self, refund: Refund) -> int:
        row = (refund.id, refund.account, refund.payment, refund.reference, refund.due_ms, _encode(refund))
        return row_id(self.db.execute(SQL["insert_refund"], row))

    def update_refund(self, refund: Refund) -> None:
        self.db.execute(SQL["update_refund"], (refund.due_ms, _encode(refund), refund.id))

    def refund(self, refund_id: str) -> Refund | None:
        return _refund(self.db.execute(SQL["refund_by_id"], (refund_id,)).fetchone())

    def refund_by_row(self, row_id: int) -> Refund | None:
        return _refund(self.db.execute(SQL["refund_by_row"], (row_id,)).fetchone())

    def refund_by_reference(self, account: str, reference: str) -> Refund | None:
        return _refund(self.db.execute(SQL["refund_by_reference"], (account, reference)).fetchone())

    def refunds_of(self, payment_id: str | None, *, limit: int) -> list[Refund]:
        """Oldest first."""
        rows = self.db.execute(SQL["refunds_of"], (payment_id, limit))
        return [_refunds.decode(record) for (record,) in rows]

    def due_refunds(self) -> list[tuple[int, int]]:
        """Row and due time of every refund that will still change by itself."""
        return self.db.execute(SQL["due_refunds"]).fetchall()

    def insert_token(self, token: Token) -> None:
        self.db.execute(SQL["insert_token"], (token.id, token.account, token.acts_like, token.expires_ms, token.used))

    def token(self, token_id: str) -> Token | None:
        row = self.db.execute(SQL["token"], (token_id,)).fetchone()
        return Token(*row[:4], used=bool(row[4])) if row else None

    def use_token(self, token_id: str) -> None:
        self.db.execute(SQL["use_token"], (token_id,))

    def insert_step(self, step: Step) -> int:
        row = (step.payment, step.due_ms, step.status, step.failure_code)
        return row_id(self.db.execute(SQL["insert_step"], row))

    def step(self, row_id: int) -> Step | None:
        row = self.db.execute(SQL["step"], (row_id,)).fetchone()
        return Step(*row) if row else None

    def delete_step(self, row_id: int) -> None:
        self.db.execute(SQL["delete_step"], (row_id,))

    def delete_steps_of(self, payment_id: str) -> None:
        self.db.execute(SQL["delete_steps_of"], (payment_id,))

    def all_steps(self) -> list[tuple[int, int]]:
        """Row and due time of every step."""
        return self.db.execute(SQL["all_steps"]).fetchall()

    def put_faults(self, faults: Faults) -> None:
        self.db.execute(SQL["put_faults"], (_encode(faults),))

    def faults(self) -> Faults | None:
        row = self.db.execute(SQL["faults"]).fetchone()
        return msgspec.json.decode(row[0], type=Faults) if row else None


def _payment(row: tuple[bytes] | None) -> Payment | None:
    return _payments.decode(row[0]) if row else None


def _refund(row: tuple[bytes] | None) -> Refund | None:
    return _refunds.decode(row[0]) if row else None
