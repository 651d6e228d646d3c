"""The ledger of mails."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.delivery import Verdict
from shared.contracts.notify import ListMails, MailEvent, MailKind, MailSkipped
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

RECENTLY: Final = timedelta(hours=1)

_sql = statements(__file__)


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    org_id: UUID
    link_id: UUID | None
    charge_id: UUID | None
    kind: MailKind
    to_address: str | None
    locale: str
    context: str
    message_id: str
    state: str
    traceparent: str | None


class ClaimedMail(msgspec.Struct, frozen=True, kw_only=True):
    """`context` is the JSON of what the kind's template needs."""

    id: UUID
    org_id: UUID
    link_id: UUID | None
    charge_id: UUID | None
    kind: MailKind
    to_address: str
    locale: str
    context: str
    message_id: str
    attempts: int
    traceparent: str | None
    created_at: datetime


class Settled(msgspec.Struct, frozen=True):
    """One claimed mail, what the ledger is to say of it, and the fact that follows, if one does."""

    mail: ClaimedMail
    verdict: Verdict
    event: MailEvent | None


async def intend(tx: Transaction, intents: Sequence[Intent], skipped: Sequence[MailSkipped], *, now: datetime) -> None:
    by_mail = {intent.id: intent.traceparent for intent in intents}
    traceparents = [by_mail[event.mail_id] for event in skipped]
    columns = [[getattr(intent, name) for intent in intents] for name in Intent.__struct_fields__]
    reasons = {event.mail_id: event.reason for event in skipped}
    columns.append([reasons.get(intent.id) for intent in intents])
    facts = outbox.columns(skipped, now, traceparents)
    await tx.execute(_sql["intend"], *columns, now, [event.mail_id for event in skipped], *facts)


async def claim(
    postgres: Postgres, *, lease_token: UUID, now: datetime, leased_until: datetime, limit: int
) -> list[ClaimedMail]:
    rows = await postgres.fetch(_sql["claim"], now, limit, lease_token, leased_until)
    return [ClaimedMail(**dict(row)) for row in rows]


async def renew(postgres: Postgres, lease_token: UUID, *, mail_ids: Sequence[UUID], leased_until: datetime) -> None:
    await postgres.execute(_sql["renew"], lease_token, mail_ids, leased_until)


async def settle(postgres: Postgres, lease_token: UUID, *, settled: Sequence[Settled], now: datetime) -> None:
    told = [(one.mail, one.event) for one in settled if one.event is not None]
    facts = outbox.columns([event for _, event in told], now, [mail.traceparent for mail, _ in told])
    await postgres.execute(
        _sql["settle"],
        lease_token,
        [one.mail.id for one in settled],
        [one.verdict.state for one in settled],
        [one.verdict.due_at for one in settled],
        [int(one.verdict.counts) for one in settled],
        [one.verdict.error for one in settled],
        now,
        [mail.id for mail, _ in told],
        *facts,
    )


async def has_receipt(postgres: Postgres, mail: ClaimedMail) -> bool:
    """Whether the buyer of a charge that failed has a receipt of the same link that is not older than an hour."""
    since = mail.created_at - RECENTLY
    return await postgres.fetchval(_sql["has_receipt"], mail.link_id, mail.to_address, since)


async def list_mails(postgres: Postgres, ask: ListMails, *, limit: int) -> Sequence[Record]:
    return await postgres.fetch(_sql["list_mails"], ask.charge_id, ask.link_id, ask.state, limit, ask.org_id, ask.kind)
