"""A provider's objects as JSON documents, and the answers that idempotency keys give again."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from deploy.simulators.callbacks.store import CallbackStore
from deploy.simulators.process.sqlite import statements

SQL = statements(__file__)
Document = TypeVar("Document", bound=msgspec.Struct)
_encode = msgspec.json.Encoder().encode


class DocumentStore(CallbackStore):
    """A document belongs to an account and may be found by a reference.

    `due_ms` is when something happens to it by itself.
    """

    def __init__(self, folder: Path, *, name: str, schemas: Iterable[str] = ()) -> None:
        """Raises: SettingsError: the folder cannot be used, or another process uses it."""
        super().__init__(folder, name=name, schemas=[*schemas, SQL["schema"]])

    def put(
        self,
        document: Any,
        *,
        key: str,
        account: str,
        reference: str | None = None,
        due_ms: int | None = None,
    ) -> int:
        """Insert or replace by `key`, its id; answers its row, which stays the same."""
        kind = type(document).__name__
        row = self.db.execute(SQL["put"], (key, kind, account, reference, due_ms, _encode(document))).fetchone()
        return int(row[0])

    def get(self, kind: type[Document], document_id: str) -> Document | None:
        row = self.db.execute(SQL["get"], (kind.__name__, document_id)).fetchone()
        return msgspec.json.decode(row[0], type=kind) if row else None

    def by_reference(self, kind: type[Document], account: str, reference: str) -> list[Document]:
        """Oldest first."""
        rows = self.db.execute(SQL["by_reference"], (kind.__name__, account, reference))
        return [msgspec.json.decode(record, type=kind) for (record,) in rows]

    def all(self, kind: type[Document], account: str | None = None) -> list[Document]:
        """Oldest first."""
        rows = self.db.execute(SQL["all"], (kind.__name__, account))
        return [msgspec.json.decode(record, type=kind) for (record,) in rows]

    def due(self) -> list[tuple[int, int]]:
        """Row and due time of each document that something will happen to."""
        return self.db.execute(SQL["due"]).fetchall()

    def of_row(self, row: int) -> tuple[str, str, int | None] | None:
        """Kind, id and due time."""
        return self.db.execute(SQL["of_row"], (row,)).fetchone()

    def keep_answer(self, account: str, key: str, *, fingerprint: bytes, status: int, body: bytes, now_ms: int) -> None:
        self.db.execute(SQL["keep_answer"], (account, key, fingerprint, status, body, now_ms))

    def answer(self, account: str, key: str, *, since_ms: int) -> tuple[bytes, int, bytes] | None:
        """The fingerprint of the request, and the status and body that it was answered with."""
        return self.db.execute(SQL["answer"], (account, key, since_ms)).fetchone()

    def put_setting(self, name: str, value: msgspec.Struct) -> None:
        self.db.execute(SQL["put_setting"], (name, _encode(value)))

    def setting(self, name: str, kind: type[Document]) -> Document | None:
        row = self.db.execute(SQL["setting"], (name,)).fetchone()
        return msgspec.json.decode(row[0], type=kind) if row else None
