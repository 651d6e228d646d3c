"""What `notify` says on the bus. Addresses are not repeated here: the ledger of mails has them."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.contracts.envelope import Event

MailKind = Literal["receipt", "otp", "link", "reminder", "payment_failed", "webhook_disabled", "renewal", "dunning"]
MailState = Literal["due", "sending", "sent", "failed", "skipped", "suppressed"]
SkipReason = Literal[
    "no_address",
    "no_longer_due",
    "paused",
    "archived",
    "revoked",
    "deleted",
    "paid",
    "rescheduled",
    "other_recipient",
    "expired",
    "unsubscribed",
    "exhausted",
]

DisabledBecause = Literal["gone", "failing"]


class MailEvent(Event, frozen=True, kw_only=True):
    owner: ClassVar[str] = "notify"
    entity: ClassVar[str] = "mail"

    mail_id: UUID
    kind: MailKind
    charge_id: UUID | None = None
    livemode: bool | None = None
    """None in facts from before this was told."""


class MailSent(MailEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "sent"

    message_id: str


class MailFailed(MailEvent, frozen=True, kw_only=True):
    """It will not be tried again; `reason` is the server's answer, without the address."""

    fact: ClassVar[str] = "failed"

    reason: str


class MailSkipped(MailEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "skipped"

    reason: SkipReason


class MailSuppressed(MailEvent, frozen=True, kw_only=True):
    """It was not sent, because a mail server has said before that there is no such address."""

    fact: ClassVar[str] = "suppressed"


class WebhookEndpointDisabled(Event, frozen=True, kw_only=True):
    """Nothing is sent there until it is enabled again. `gone`: it answered 410; `failing`: for days nothing arrived.

    Its URL is not repeated here: merchants put secrets into theirs.
    """

    owner: ClassVar[str] = "notify"
    entity: ClassVar[str] = "webhook_endpoint"
    fact: ClassVar[str] = "disabled"

    endpoint_id: UUID
    livemode: bool
    reason: DisabledBecause
    failing_since: datetime | None = None


class PlanPeriodEvent(Event, frozen=True, kw_only=True):
    """What a buyer of a plan has paid for. `charge_id` is the payment that it is about, and names the buyer.

    `paid_until` is the end of all that they have paid for; None: nothing is paid, because all of it went back.
    """

    owner: ClassVar[str] = "notify"
    entity: ClassVar[str] = "plan_period"

    charge_id: UUID
    plan_id: UUID
    paid_until: datetime | None
    livemode: bool
    at: datetime


class PlanPeriodStarted(PlanPeriodEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "started"

    starts_at: datetime
    ends_at: datetime


class PlanPeriodRenewed(PlanPeriodEvent, frozen=True, kw_only=True):
    """Paid early, it begins when the one before ends; paid while reminders of the end go out, at the payment."""

    fact: ClassVar[str] = "renewed"

    starts_at: datetime
    ends_at: datetime


class PlanPeriodLapsed(PlanPeriodEvent, frozen=True, kw_only=True):
    """`charge_id` is the last payment. The buyer may be reminded for some days, and may come back at any time."""

    fact: ClassVar[str] = "lapsed"


class PlanPeriodClosed(PlanPeriodEvent, frozen=True, kw_only=True):
    """The whole payment was given back, or the payer wants it back. Periods after it move up."""

    fact: ClassVar[str] = "closed"

    reason: Literal["refunded", "disputed"]


class PlanPeriodReopened(PlanPeriodEvent, frozen=True, kw_only=True):
    """The dispute was won: the period counts again."""

    fact: ClassVar[str] = "reopened"


# Requests and answers


class ListMails(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for entries of the ledger of mails, newest first; `limit` is at most 500."""

    charge_id: UUID | None = None
    link_id: UUID | None = None
    state: MailState | None = None
    limit: int = 50
    org_id: UUID | None = None
    kind: MailKind | None = None


class MailView(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, as the ledger has it. `attempts` counts conversations with the mail server about this very mail.

    `scheduled_at` is the time of its link's schedule that a mail of kind `link` is for. `resend_of` is the mail that it
    repeats, because somebody asked for that.
    """

    id: UUID
    org_id: UUID
    link_id: UUID | None
    charge_id: UUID | None
    kind: MailKind
    to_address: str | None
    locale: str
    state: MailState
    attempts: int
    due_at: datetime
    message_id: str
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    scheduled_at: datetime | None = None
    skip_reason: SkipReason | None = None
    resend_of: UUID | None = None
    livemode: bool | None = None
