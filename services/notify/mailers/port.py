"""What sends a mail. One exists (SMTP); tests bring others."""

from typing import Protocol

import msgspec

from services.notify.domain.delivery import Outcome


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """`content` is the whole message of RFC 5322, lines ended by CRLF; the addresses are the envelope's."""

    sender: str
    recipient: str
    content: bytes


class Mailer(Protocol):
    async def deliver(self, letter: Letter) -> Outcome: ...

    async def close(self) -> None: ...
