"""Callbacks and the attempts to deliver them, in a simulator's SQLite file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from deploy.simulators.callbacks.records import Attempt, Callback
from deploy.simulators.process.sqlite import SqliteStore, row_id, statements

SQL = statements(__file__)


class CallbackStore(SqliteStore):
    def __init__(self, folder: Path, *, name: str, schemas: Iterable[str]) -> None:
        """Raises: SettingsError: the folder cannot be used, or another process uses it."""
        super().__init__(folder, name=name, schemas=(*schemas, SQL["schema"]))

    def insert_callback(self, callback: Callback) -> int:
        return row_id(self.db.execute(SQL["insert_callback"], msgspec.structs.astuple(callback)[1:]))

    def callback(self, row: int) -> Callback | None:
        return _callback(self.db.execute(SQL["callback"], (row,)).fetchone())

    def last_callback_of_type(self, payment_id: str, event_type: str) -> Callback | None:
        return _callback(self.db.execute(SQL["last_callback_of_type"], (payment_id, event_type)).fetchone())

    def callbacks(self, payment_id: str | None, *, after: int, limit: int) -> list[Callback]:
        rows = self.db.execute(SQL["callbacks_after"], (payment_id, after, limit))
        return [callback for row in rows if (callback := _callback(row))]

    def due_callbacks(self) -> list[tuple[int, int]]:
        """Row and due time of every callback that was not answered yet."""
        return self.db.execute(SQL["due_callbacks"]).fetchall()

    def update_callback(self, callback: Callback) -> None:
        row = (callback.state, callback.attempts, callback.due_ms, callback.row)
        self.db.execute(SQL["update_callback"], row)

    def insert_attempt(self, attempt: Attempt) -> None:
        self.db.execute(SQL["insert_attempt"], msgspec.structs.astuple(attempt))

    def attempts_of(self, callback_row: int) -> list[Attempt]:
        rows = self.db.execute(SQL["attempts_of"], (callback_row,))
        return [
            Attempt(callback=callback, at_ms=at_ms, duration_ms=duration_ms, status=status, error=error)
            for callback, at_ms, duration_ms, status, error in rows
        ]


def _callback(row: tuple[Any, ...] | None) -> Callback | None:
    if row is None:
        return None
    # SQLite has no booleans; msgspec's lax mode reads 0 and 1 as such.
    return msgspec.convert(dict(zip(Callback.__struct_fields__, row, strict=True)), Callback, strict=False)
