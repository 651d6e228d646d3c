"""Which links may be worth a reminder, and who wants none."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from services.notify.domain.link_mail import Known, LinkMail
from services.notify.domain.renewal import RenewalKind, RenewalMail
from services.notify.store.mail import ClaimedMail
from shared.contracts.links import MerchantView, RemindersView
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encoder: Final = msgspec.json.Encoder()
_ABOUT: Final = msgspec.json.Decoder(LinkMail)
_REMINDERS: Final = msgspec.json.Decoder(RemindersView)
_MERCHANT: Final = msgspec.json.Decoder(MerchantView)


class Merchant(msgspec.Struct, frozen=True):
    org_id: UUID
    revision: int
    view: MerchantView
    reminders: RemindersView
    told_at: datetime


class Candidate(msgspec.Struct, frozen=True):
    """A link that may be worth a reminder, and what is known of its organization, if anything is."""

    known: Known
    merchant: MerchantView | None
    default_reminders: RemindersView | None
    unsubscribed: bool


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    org_id: UUID
    link_id: UUID
    to_address: str
    locale: str
    about: LinkMail | RenewalMail
    due_at: datetime
    remind_on: date
    kind: Literal["reminder"] | RenewalKind = "reminder"


class Reminded(msgspec.Struct, frozen=True):
    """The other reminders of a link to an address: of days after this one, or of earlier ones and on their way."""

    sent_at: datetime | None
    is_newer: bool
    is_sending: bool
    unsubscribed: bool


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """To whom a reminder went, and whose it was."""

    org_id: UUID
    address: str
    locale: str
    merchant_name: str
    color: str | None
    livemode: bool
    unsubscribed: bool


async def note_merchants(tx: Transaction, merchants: Sequence[Merchant]) -> None:
    """Each once."""
    await tx.execute(
        _sql["note_merchants"],
        [one.org_id for one in merchants],
        [one.revision for one in merchants],
        [_json(one.view) for one in merchants],
        [_json(one.reminders) for one in merchants],
        [one.told_at for one in merchants],
    )


async def look_again(tx: Transaction, changed: Sequence[tuple[UUID, datetime]], now: datetime) -> None:
    """`changed` are organizations, each once, with when they changed."""
    await tx.execute(_sql["look_again"], [org for org, _ in changed], [at for _, at in changed], now)


async def take_looks(tx: Transaction, *, now: datetime, limit: int) -> list[Candidate]:
    """Whose time to be looked at has come. They stay locked until the transaction ends."""
    found: list[Candidate] = []
    for row in await tx.fetch(_sql["take_looks"], now, limit):
        values: dict[str, Any] = dict(row)
        merchant, default = values.pop("merchant"), values.pop("default_reminders")
        unsubscribed = values.pop("unsubscribed")
        values["about"] = _ABOUT.decode(values["about"]) if values["about"] else None
        values["reminders"] = _REMINDERS.decode(values["reminders"]) if values["reminders"] else None
        found.append(
            Candidate(
                Known(**values),
                _MERCHANT.decode(merchant) if merchant else None,
                _REMINDERS.decode(default) if default else None,
                unsubscribed,
            )
        )
    return found


async def note_looks(tx: Transaction, looks: Sequence[tuple[UUID, datetime | None]], now: datetime) -> None:
    """`looks` are links, with when to look at them again."""
    await tx.execute(_sql["note_looks"], [one for one, _ in looks], [at for _, at in looks], now)


async def intend(tx: Transaction, reminders: Sequence[Reminder], *, message_host: str, now: datetime) -> None:
    await tx.execute(
        _sql["intend_reminders"],
        [one.id for one in reminders],
        [one.org_id for one in reminders],
        [one.link_id for one in reminders],
        [one.to_address for one in reminders],
        [one.locale for one in reminders],
        [_json(one.about) for one in reminders],
        [one.due_at for one in reminders],
        [one.remind_on for one in reminders],
        [one.kind for one in reminders],
        message_host,
        now,
    )


async def find_reminded(pg: Postgres, mail: ClaimedMail) -> Reminded:
    row = await pg.fetchrow(_sql["find_reminded"], mail.org_id, mail.link_id, mail.to_address, mail.id)
    assert row is not None
    return Reminded(**dict(row))


async def find_subscriber(pg: Postgres, mail_id: UUID) -> Subscriber | None:
    row = await pg.fetchrow(_sql["find_subscriber"], mail_id)
    return Subscriber(**dict(row)) if row else None


async def unsubscribe(pg: Postgres, subscriber: Subscriber, now: datetime) -> None:
    await pg.execute(_sql["unsubscribe"], subscriber.org_id, subscriber.address, now)


def _json(value: Any) -> str:
    return _encoder.encode(value).decode()


async def find_merchant(tx: Transaction, org_id: UUID) -> MerchantView | None:
    row = await tx.fetchrow(_sql["find_merchant"], org_id)
    return _MERCHANT.decode(row["view"]) if row else None
