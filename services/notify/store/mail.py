"""The ledger of mails."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.delivery import Verdict
from shared.contracts.notify import ListMails, MailEvent, MailKind, MailSkipped, MailView
from shared.kernel.ids import new_id
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Reader, Transaction
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
    """`context` is the JSON of what the kind's template needs. `suppressed`: there is no such address."""

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
    suppressed: bool = False


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
        [new_id() if one.verdict.suppresses else None for one in settled],
    )


async def has_receipt(postgres: Postgres, mail: ClaimedMail) -> bool:
    """Whether the buyer of a charge that failed has a receipt of the same link that is not older than an hour."""
    since = mail.created_at - RECENTLY
    return await postgres.fetchval(_sql["has_receipt"], mail.link_id, mail.to_address, since)


async def list_mails(
    postgres: Postgres,
    ask: ListMails,
    *,
    limit: int,
    before: UUID | None = None,
    address: str | None = None,
    livemode: bool | None = None,
) -> list[MailView]:
    """`address` is lower-cased."""
    named = (ask.charge_id, ask.link_id, ask.state, limit, ask.org_id, ask.kind, before, address, livemode)
    return [MailView(**dict(row)) for row in await postgres.fetch(_sql["list_mails"], *named)]


async def find(postgres: Reader, mail_id: UUID, *, org_id: UUID, livemode: bool) -> MailView | None:
    row = await postgres.fetchrow(_sql["find_mail"], mail_id, org_id, livemode)
    return MailView(**dict(row)) if row else None


async def lock_original(tx: Transaction, mail_id: UUID) -> tuple[UUID, int]:
    """The first of those mails that repeat each other, and how many have repeated it."""
    row = await tx.fetchrow(_sql["lock_original"], mail_id)
    assert row is not None
    return row["id"], row["resends"]


async def resend(tx: Transaction, original: UUID, *, message_host: str, now: datetime) -> MailView:
    row = await tx.fetchrow(_sql["resend"], original, new_id(), message_host, now)
    assert row is not None
    return MailView(**dict(row))
