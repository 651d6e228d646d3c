import asyncio
import os
import uuid
from bisect import insort
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from deploy.local.mailbox.mail import Mail, read_mail, with_envelope

WRITERS = 8


class _Entry(NamedTuple):
    """Where one mail stands in the index file. Ordered by time of arrival, because its id begins with it."""

    id: str
    to: str
    offset: int
    size: int


class _Summary(msgspec.Struct):
    id: str
    to: str


class MailStore:
    """Mails in a Maildir, which alone counts, beside a file of the same mails as lines of JSON.

    A list of thousands is thus read, not parsed. The index is made up for from the Maildir when lines are missing.
    """

    def __init__(self, folder: Path) -> None:
        self._new = folder / "new"
        self._draft = folder / "tmp"
        for place in (self._new, self._draft, folder / "cur"):
            place.mkdir(parents=True, exist_ok=True)
        self._entries: list[_Entry] = []
        self._by_id: dict[str, _Entry] = {}
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="mailbox")
        self._index_path = folder / "index.jsonl"
        self._index = os.open(self._index_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._end = self._load()

    def __len__(self) -> int:
        return len(self._entries)

    async def keep(self, recipients: Sequence[str], raw: bytes) -> None:
        """Returns once the mail would survive a power cut."""
        now = datetime.now(UTC)
        mail_id = f"{now:%Y%m%dT%H%M%S}{now.microsecond:06}-{uuid.uuid4().hex[:12]}"
        kept = with_envelope(recipients, raw)
        await asyncio.get_running_loop().run_in_executor(self._pool, self._write, mail_id, kept)
        self._add(read_mail(mail_id, kept, received_at=now))

    def listed(self, *, to: str | None, limit: int | None) -> Iterator[bytes]:
        """The mails as JSON, newest first; `to` is a part of an address, in any case."""
        wanted = (to or "").lower()
        left = len(self._entries) if limit is None else limit
        for entry in reversed(self._entries):
            if left <= 0:
                return
            if wanted in entry.to:
                left -= 1
                yield self._read(entry)

    def get(self, mail_id: str) -> Mail | None:
        entry = self._by_id.get(mail_id)
        return msgspec.json.decode(self._read(entry), type=Mail) if entry else None

    def _write(self, mail_id: str, kept: bytes) -> None:
        draft = self._draft / mail_id
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(kept)
            file.flush()
            os.fsync(descriptor)
        draft.rename(self._new / mail_id)
        folder = os.open(self._new, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _load(self) -> int:
        """Take over the lines that are whole, then whatever the Maildir has beyond them; where the index ends."""
        content = self._index_path.read_bytes()
        whole = content.rfind(b"\n") + 1
        os.ftruncate(self._index, whole)
        self._end = 0
        kept = {path.name for path in self._new.iterdir()}
        for line in content[:whole].splitlines(keepends=True):
            summary = msgspec.json.decode(line, type=_Summary)
            if summary.id in kept:
                self._remember(_Entry(summary.id, summary.to.lower(), self._end, len(line) - 1))
            self._end += len(line)
        for name in sorted(kept - self._by_id.keys()):
            path = self._new / name
            received_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            self._add(read_mail(name, path.read_bytes(), received_at=received_at))
        return self._end

    def _add(self, mail: Mail) -> None:
        line = msgspec.json.encode(mail)
        os.write(self._index, line + b"\n")
        self._remember(_Entry(mail.id, mail.to.lower(), self._end, len(line)))
        self._end += len(line) + 1

    def _remember(self, entry: _Entry) -> None:
        # Writers finish out of order.
        insort(self._entries, entry)
        self._by_id[entry.id] = entry

    def _read(self, entry: _Entry) -> bytes:
        return os.pread(self._index, entry.size, entry.offset)
