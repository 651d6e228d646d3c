"""Recipients of links that are not paid are reminded, by day and once a day at most, until there is no reason to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.delivery import Early, Obsolete
from services.notify.domain.link_mail import LinkMail, closed
from services.notify.domain.reminder import Look, Plan, day_of, in_daytime, look
from services.notify.mailers.message import is_address
from services.notify.store import reminders
from services.notify.store.mail import ClaimedMail
from services.notify.store.reminders import Candidate, Reminder
from services.notify.use_cases.fresh_links import FreshLinks
from services.notify.use_cases.note_merchants import note_merchants
from shared.contracts.envelope import Received
from shared.contracts.links import MerchantView, OrganizationUpdated, RemindersView
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres, Transaction

BATCH: Final = 200
A_MOMENT: Final = timedelta(minutes=1)
"""Until it is known whether the reminder of the day before went out after all."""
_about: Final = msgspec.json.Decoder(LinkMail)
_OVER: Final = Look(None, None)


async def take_organization_facts(tx: Transaction, received: Sequence[Received], *, now: datetime) -> None:
    """Notes what is newest of each organization, and looks again at the links of those that changed."""
    await note_merchants(tx, received)
    changed: dict[UUID, datetime] = {}
    for one in received:
        match one.event:
            case OrganizationUpdated(org_id=org_id, merchant=MerchantView(), reminders=RemindersView()):
                changed[org_id] = max(one.at, changed.get(org_id, one.at))
            case _:
                continue
    if changed:
        await reminders.look_again(tx, list(changed.items()), now)


async def intend_reminders(pg: Postgres, *, message_host: str, now: datetime) -> int:
    """Looks at links whose time has come, `BATCH` at most; returns how many there were."""
    async with pg.transaction() as tx:
        candidates = await reminders.take_looks(tx, now=now, limit=BATCH)
        if not candidates:
            return 0
        looks = [(one, _look(one, now)) for one in candidates]
        due = [_reminder(one, seen.send_at) for one, seen in looks if seen.send_at is not None]
        if due:
            await reminders.intend(tx, due, message_host=message_host, now=now)
        await reminders.note_looks(tx, [(one.known.link_id, seen.next_at) for one, seen in looks], now)
    return len(candidates)


async def why_not_reminded(
    pg: Postgres, links: FreshLinks, mail: ClaimedMail, *, now: datetime
) -> Obsolete | Early | None:
    """Asked right before it goes out; None: it may."""
    if mail.link_id is None or not is_address(mail.to_address):
        return Obsolete("no_address")
    known = await links.find(mail.link_id)
    if reason := closed(known, to_address=mail.to_address, now=now):
        return Obsolete(reason)
    return await why_not_today(pg, mail, zone=_about.decode(mail.context).timezone, now=now)


async def why_not_today(pg: Postgres, mail: ClaimedMail, *, zone: str, now: datetime) -> Obsolete | Early | None:
    """Whether they want reminders at all, have had one today, or sleep. `zone` is the organization's."""
    others = await reminders.find_reminded(pg, mail)
    if others.unsubscribed:
        return Obsolete("unsubscribed")
    today = others.sent_at is not None and day_of(others.sent_at, zone) == day_of(now, zone)
    if others.is_newer or today:
        # One that waited for the mail server until the next day meets that day's own.
        return Obsolete("no_longer_due")
    send_at = in_daytime(now + A_MOMENT if others.is_sending else now, zone)
    return Early(send_at) if send_at > now else None


def _look(one: Candidate, now: datetime) -> Look:
    known = one.known
    address = known.to_address
    if address is None or known.about is None or known.reached_at is None or not is_address(address):
        return _OVER
    if one.unsubscribed or closed(known, to_address=address, now=now) not in {None, "paused"}:
        return _OVER
    plan = Plan(
        reminders=known.reminders or one.default_reminders or RemindersView(),
        reached_at=known.reached_at,
        expires_at=known.expires_at,
        timezone=_seller(one).timezone,
    )
    seen = look(plan, since=known.told_at or now, now=now)
    return Look(None, seen.next_at) if known.standing == "paused" else seen


def _reminder(one: Candidate, send_at: datetime) -> Reminder:
    known = one.known
    assert known.about is not None
    assert known.to_address is not None
    seller = _seller(one)
    about = msgspec.structs.replace(
        known.about,
        merchant_name=seller.name,
        support_email=seller.support_email,
        timezone=seller.timezone,
        checkout_url=seller.checkout_url,
    )
    return Reminder(
        id=new_id(),
        org_id=known.org_id,
        link_id=known.link_id,
        to_address=known.to_address,
        locale=seller.locale,
        about=about,
        due_at=send_at,
        remind_on=day_of(send_at, seller.timezone),
    )


def _seller(one: Candidate) -> MerchantView:
    """The organization as it is now; as its link told of it, where nothing newer is known."""
    about = one.known.about
    assert about is not None
    return one.merchant or MerchantView(
        name=about.merchant_name,
        support_email=about.support_email,
        locale=one.known.locale or "en",
        timezone=about.timezone,
        checkout_url=about.checkout_url,
    )
