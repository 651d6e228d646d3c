import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailbox.store import MailStore

MAIL_BYTES_MAX = 10 * 1024 * 1024
HANG_SECONDS_MAX = 3600


class Reply(StrEnum):
    """What the sender of a mail hears, so that tests can try every way in which a mail server fails."""

    OK = "ok"
    LATER = "4xx"
    NEVER = "5xx"
    HANG = "hang"
    DROP_BEFORE_250 = "drop_before_250"
    DROP_AFTER_250 = "drop_after_250"


@dataclass(slots=True)
class Faults:
    reply: Reply = Reply.OK
    seconds: float = 0
    """How long every answer takes."""


class MailboxHandler:
    """aiosmtpd's hooks: every recipient is welcome, and a mail is answered with 250 once it is kept."""

    def __init__(self, store: MailStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        reply = self._faults.reply
        if self._faults.seconds:
            await asyncio.sleep(self._faults.seconds)
        if reply is Reply.LATER:
            return "451 4.3.0 The mailbox was told to refuse for now"
        if reply is Reply.NEVER:
            return "550 5.7.1 The mailbox was told to refuse"
        if reply is Reply.HANG:
            await asyncio.sleep(HANG_SECONDS_MAX)
        content = envelope.original_content or b""
        self._store.keep([str(recipient) for recipient in envelope.rcpt_tos], content)
        # uvloop's transports have these methods, and derive from nothing.
        transport = cast("asyncio.Transport", server.transport)
        if reply is Reply.DROP_BEFORE_250:
            transport.abort()
            # Until the loop has told this task that its connection is gone: an answer written now might still arrive.
            await asyncio.sleep(HANG_SECONDS_MAX)
        if reply is Reply.DROP_AFTER_250:
            # The answer is written before the loop comes to this; closing sends what was written.
            asyncio.get_running_loop().call_soon(transport.close)
        return "250 2.0.0 Kept"


def smtp_protocol(store: MailStore, faults: Faults) -> SMTP:
    return SMTP(
        MailboxHandler(store, faults),
        data_size_limit=MAIL_BYTES_MAX,
        enable_SMTPUTF8=True,
        # By default it asks the name servers for its own name, which can take seconds.
        hostname="mailbox.paylinks.test",
        ident="Paylinks mailbox",
        loop=asyncio.get_running_loop(),
    )
