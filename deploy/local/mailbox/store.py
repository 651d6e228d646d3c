import os
import uuid
from bisect import insort
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from deploy.local.mailbox.mail import Mail, read_mail, with_envelope


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
    A mail is parsed when somebody first looks, not while it comes in: payments under test need the core more.
    """

    def __init__(self, folder: Path) -> None:
        self._new = folder / "new"
        self._draft = folder / "tmp"
        for place in (self._new, self._draft, folder / "cur"):
            place.mkdir(parents=True, exist_ok=True)
        self._entries: list[_Entry] = []
        self._by_id: dict[str, _Entry] = {}
        self._unread: list[tuple[str, datetime]] = []
        self._index_path = folder / "index.jsonl"
        self._index = os.open(self._index_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._end = 0
        self._load()

    def __len__(self) -> int:
        return len(self._entries) + len(self._unread)

    def keep(self, recipients: Sequence[str], raw: bytes) -> None:
        """Afterwards the mail outlives a kill -9 of this process (not a power cut, which is beyond a local mailbox)."""
        now = datetime.now(UTC)
        mail_id = f"{now:%Y%m%dT%H%M%S}{now.microsecond:06}-{uuid.uuid4().hex[:12]}"
        draft = self._draft / mail_id
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(with_envelope(recipients, raw))
        draft.rename(self._new / mail_id)
        self._unread.append((mail_id, now))

    def listed(self, *, to: str | None, limit: int | None) -> Iterator[bytes]:
        """The mails as JSON, newest first; `to` is a part of an address, in any case."""
        self._index_unread()
        wanted = (to or "").lower()
        left = len(self._entries) if limit is None else limit
        for entry in reversed(self._entries):
            if left <= 0:
                return
            if wanted in entry.to:
                left -= 1
                yield self._read(entry)

    def get(self, mail_id: str) -> Mail | None:
        self._index_unread()
        entry = self._by_id.get(mail_id)
        return msgspec.json.decode(self._read(entry), type=Mail) if entry else None

    def _index_unread(self) -> None:
        unread, self._unread = self._unread, []
        for mail_id, received_at in unread:
            self._add(read_mail(mail_id, (self._new / mail_id).read_bytes(), received_at=received_at))

    def _load(self) -> None:
        """Takes over the lines that are whole; what the Maildir has beyond them is unread."""
        content = self._index_path.read_bytes()
        whole = content.rfind(b"\n") + 1
        os.ftruncate(self._index, whole)
        kept = {path.name for path in self._new.iterdir()}
        for line in content[:whole].splitlines(keepends=True):
            summary = msgspec.json.decode(line, type=_Summary)
            if summary.id in kept:
                self._remember(_Entry(summary.id, summary.to.lower(), self._end, len(line) - 1))
            self._end += len(line)
        for name in sorted(kept - self._by_id.keys()):
            received_at = datetime.fromtimestamp((self._new / name).stat().st_mtime, UTC)
            self._unread.append((name, received_at))

    def _add(self, mail: Mail) -> None:
        line = msgspec.json.encode(mail)
        os.write(self._index, line + b"\n")
        self._remember(_Entry(mail.id, mail.to.lower(), self._end, len(line)))
        self._end += len(line) + 1

    def _remember(self, entry: _Entry) -> None:
        # A clock that was set back gives an earlier id.
        insort(self._entries, entry)
        self._by_id[entry.id] = entry

    def _read(self, entry: _Entry) -> bytes:
        return os.pread(self._index, entry.size, entry.offset)
