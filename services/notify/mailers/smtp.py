"""Mails over SMTP (RFC 5321), on connections that stay open between mails.

The three commands are given one by one, because it matters when a connection breaks: before the content the mail is
certainly not delivered; after it nobody knows.
"""

import asyncio
from typing import Final

import aiosmtplib

from services.notify.domain.delivery import (
    Deferred,
    Delivered,
    Outcome,
    Refused,
    Unknown,
    Unreachable,
    is_unknown_user,
)
from services.notify.mailers.message import is_address
from services.notify.mailers.port import Letter
from services.notify.settings import SmtpServer

ANSWER_SECONDS_MAX: Final = 30
"""For the envelope, and again for the content."""
CONNECT_SECONDS_MAX: Final = 10
QUIT_SECONDS_MAX: Final = 1
_ACCEPTED: Final = frozenset({250, 251})
_COMPLETED: Final = 250
_START_INPUT: Final = frozenset({354})

_BROKEN = (aiosmtplib.SMTPException, OSError, TimeoutError)


class SmtpMailer:
    """Safe to use from several tasks at once: each mail has a connection of its own while it is sent."""

    def __init__(
        self, server: SmtpServer, *, local_hostname: str, answer_seconds_max: float = ANSWER_SECONDS_MAX
    ) -> None:
        self._server = server
        self._local_hostname = local_hostname
        self._answer_seconds_max = answer_seconds_max
        self._idle: list[aiosmtplib.SMTP] = []

    async def deliver(self, letter: Letter) -> Outcome:
        while self._idle:
            client = self._idle.pop()
            outcome = await self._converse(client, letter) if client.is_connected else None
            # A server may end a connection that was idle. That says nothing about this mail: take another one.
            if outcome is not None and not (isinstance(outcome, Deferred) and not client.is_connected):
                return outcome
        try:
            client = await self._connect()
        except _BROKEN as error:
            return Unreachable(_describe(error))
        return await self._converse(client, letter)

    async def close(self) -> None:
        for client in self._idle:
            try:
                await client.quit(timeout=QUIT_SECONDS_MAX)
            except _BROKEN:
                client.close()
        self._idle.clear()

    async def _connect(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.tls == "always",
            # None is STARTTLS where the server offers it.
            start_tls={"required": True, "always": False, "offered": None}[self._server.tls],
            cert_bundle=self._server.ca_file,
            username=self._server.username,
            password=self._server.password,
            local_hostname=self._local_hostname,
            timeout=self._answer_seconds_max,
        )
        await client.connect(timeout=min(CONNECT_SECONDS_MAX, self._answer_seconds_max))
        return client

    async def _converse(self, client: aiosmtplib.SMTP, letter: Letter) -> Outcome:
        """One mail on this connection, which goes back to the idle ones if both sides know where they stand."""
        handed_over = False
        try:
            # An alarm for each half, and not for each answer: an alarm costs as much as a command.
            async with asyncio.timeout(self._answer_seconds_max):
                recipient, options = _envelope(client, letter.recipient)
                await _begin(client, letter.sender, options)
                await _command(client, b"RCPT", b"TO:<" + recipient.encode() + b">")
            handed_over = True
            async with asyncio.timeout(self._answer_seconds_max):
                await _content(client, letter.content)
        except aiosmtplib.SMTPNotSupported as error:
            outcome: Outcome = Refused(_describe(error))
        except aiosmtplib.SMTPResponseException as error:
            outcome = _answered(error, handed_over=handed_over)
        except (*_BROKEN, ValueError) as error:
            outcome = Unknown(_describe(error)) if handed_over else _unsent(error)
        else:
            self._idle.append(client)
            return Delivered()
        finally:
            if client not in self._idle:
                client.close()
        return outcome


def _answered(error: aiosmtplib.SMTPResponseException, *, handed_over: bool) -> Outcome:
    answer = f"{error.code} {error.message}".replace("\n", " ")
    if error.code // 100 == 5:  # noqa: PLR2004 - permanent negative completion, RFC 5321 section 4.2.1
        return Refused(answer, unknown_user=is_unknown_user(answer))
    if error.code // 100 == 4 or not handed_over:  # noqa: PLR2004 - transient negative completion
        return Deferred(answer)
    return Unknown(answer)


def _unsent(error: Exception) -> Outcome:
    """No connection spoils a mail, but an address that no command can carry does."""
    return Refused(_describe(error)) if isinstance(error, ValueError) else Deferred(_describe(error))


async def _begin(client: aiosmtplib.SMTP, sender: str, options: list[str]) -> None:
    if client.is_ehlo_or_helo_needed:
        # The library greets before a first command of its own.
        await client.mail(sender, options=options, encoding="utf-8", timeout=None)
        return
    await _command(client, b"MAIL", b"FROM:<" + sender.encode() + b">", *(option.encode() for option in options))


async def _command(client: aiosmtplib.SMTP, *words: bytes, accepted: frozenset[int] = _ACCEPTED) -> None:
    """The library's own `mail` and `rcpt` parse each address with the standard library, which costs more than sending.

    Here an address was found to be one before (`is_address`).
    """
    response = await client.execute_command(*words, timeout=None)
    if response.code not in accepted:
        raise aiosmtplib.SMTPResponseException(response.code, response.message)


async def _content(client: aiosmtplib.SMTP, content: bytes) -> None:
    """The library's own `data` mends line ends with regular expressions; here they are CRLF already (`Letter`)."""
    await _command(client, b"DATA", accepted=_START_INPUT)
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    # A line that begins with a point gets another one (RFC 5321 section 4.5.2); the first line is a header.
    protocol.write(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    response = await protocol.read_response()
    if response.code != _COMPLETED:
        raise aiosmtplib.SMTPResponseException(response.code, response.message)


def _envelope(client: aiosmtplib.SMTP, address: str) -> tuple[str, list[str]]:
    """The address as this server can take it: the domain in ASCII; a name beyond ASCII needs SMTPUTF8 (RFC 6531)."""
    if not is_address(address):
        raise ValueError("this is no address")
    name, _, domain = address.rpartition("@")
    if not address.isascii():
        address = f"{name}@{domain.encode('idna').decode()}"
    if address.isascii():
        return address, []
    if not client.supports_extension("smtputf8"):
        raise aiosmtplib.SMTPNotSupported("the mail server takes only addresses in ASCII")
    return address, ["SMTPUTF8"]


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")
