"""What the routes of mails and suppressions write."""

from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts.notify import MailKind, MailState, SkipReason


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """`attempts` counts conversations with the mail server, `last_error` is its last answer that was none of success.

    `due_at` is when it goes out, or is tried again. `scheduled_at` is the time of its link's schedule that a mail of
    kind `link` is for; `resend_of` the mail that it repeats.
    """

    id: UUID
    kind: MailKind
    state: MailState
    skip_reason: SkipReason | None
    address: str | None
    link_id: UUID | None
    charge_id: UUID | None
    locale: str
    message_id: str
    attempts: int
    last_error: str | None
    due_at: datetime
    scheduled_at: datetime | None
    resend_of: UUID | None
    livemode: bool
    created_at: datetime
    sent_at: datetime | None


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """No mail goes to `address`: `answer` is what the mail server said of mail `mail_id`."""

    id: UUID
    address: str
    answer: str
    mail_id: UUID
    created_at: datetime
