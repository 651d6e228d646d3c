"""What `notify` says on the bus. Addresses are not repeated here: the ledger of mails has them."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.envelope import Event

MailKind = Literal["receipt"]


class MailEvent(Event, frozen=True, kw_only=True):
    owner: ClassVar[str] = "notify"
    entity: ClassVar[str] = "mail"

    mail_id: UUID
    kind: MailKind
    charge_id: UUID | None = None


class MailSent(MailEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "sent"

    message_id: str


class MailFailed(MailEvent, frozen=True, kw_only=True):
    """It will not be tried again; `reason` is the server's answer, without the address."""

    fact: ClassVar[str] = "failed"

    reason: str


class MailSkipped(MailEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "skipped"

    reason: Literal["no_address", "no_longer_due"]
