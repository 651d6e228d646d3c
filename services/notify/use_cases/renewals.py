"""Buyers of plans are reminded before what they have paid for ends, and for some days after, until they pay again."""

from datetime import datetime
from typing import Final

import msgspec

from services.notify.domain.delivery import Early, Obsolete
from services.notify.domain.link_mail import Known
from services.notify.domain.reminder import day_of
from services.notify.domain.renewal import RenewalKind, RenewalMail, Seen, look, outdated, refusal
from services.notify.mailers.message import is_address
from services.notify.store import link_mails, plan_periods, reminders
from services.notify.store.mail import ClaimedMail
from services.notify.store.plan_periods import Candidate
from services.notify.store.reminders import Reminder
from services.notify.use_cases.fresh_links import FreshLinks
from services.notify.use_cases.reminders import why_not_today
from shared.contracts.links import MerchantView, RemindersView
from shared.contracts.notify import PlanPeriodLapsed
from shared.kernel.ids import new_id
from shared.runtime import outbox
from shared.runtime.postgres import Postgres

BATCH: Final = 200
_about: Final = msgspec.json.Decoder(RenewalMail)


async def intend_renewals(pg: Postgres, *, message_host: str, now: datetime) -> int:
    """Looks at buyers whose time has come, `BATCH` at most; returns how many there were."""
    async with pg.transaction() as tx:
        candidates = await plan_periods.take_looks(tx, now=now, limit=BATCH)
        if not candidates:
            return 0
        links = await link_mails.find_known_links(tx, [one.buyer.link_id for one in candidates])
        looks = [(one, links.get(one.buyer.link_id)) for one in candidates]
        seen = [(one, known, _look(one, known, now)) for one, known in looks]
        due = [
            _mail(one, known, what)
            for one, known, what in seen
            if known is not None and what.kind is not None and _may_be_asked(one, known, now)
        ]
        if due:
            await reminders.intend(tx, due, message_host=message_host, now=now)
        await outbox.add(tx, [_lapsed(one, now) for one, _, what in seen if what.lapses], now=now)
        await plan_periods.write_buyers(tx, [_looked_at(one, what, now) for one, _, what in seen])
    return len(candidates)


async def why_not_renewed(
    pg: Postgres, links: FreshLinks, mail: ClaimedMail, *, kind: RenewalKind, now: datetime
) -> Obsolete | Early | None:
    """Asked right before it goes out; None: it may."""
    if mail.link_id is None or not is_address(mail.to_address):
        return Obsolete("no_address")
    about = _about.decode(mail.context)
    found = await plan_periods.find_buyer(pg, mail.link_id, mail.to_address)
    buyer, exhausted = found or (None, False)
    if reason := outdated(about, kind, buyer=buyer, now=now):
        return Obsolete(reason)
    known = await links.find(mail.link_id)
    if reason := refusal(known, exhausted=exhausted, now=now):
        return Obsolete(reason)
    assert known is not None
    assert known.about is not None
    if (known.about.pricing, known.about.slug) != (about.link.pricing, about.link.slug):
        # The next one says what it costs now.
        return Obsolete("rescheduled")
    return await why_not_today(pg, mail, zone=about.link.timezone, now=now)


def _look(one: Candidate, known: Known | None, now: datetime) -> Seen:
    named = known.reminders if known is not None else None
    since = one.buyer.told_since
    if one.reminders_since is not None:
        since = max(since, one.reminders_since)
    settings = named or one.default_reminders or RemindersView()
    return look(one.buyer, settings, timezone=_timezone(one, known), since=since, now=now)


def _may_be_asked(one: Candidate, known: Known, now: datetime) -> bool:
    return not one.unsubscribed and refusal(known, exhausted=one.exhausted, now=now) is None


def _mail(one: Candidate, known: Known, seen: Seen) -> Reminder:
    assert known.about is not None
    assert one.buyer.paid_until is not None
    assert seen.kind is not None
    about = known.about
    if one.merchant is not None:
        seller = one.merchant
        about = msgspec.structs.replace(
            about,
            merchant_name=seller.name,
            support_email=seller.support_email,
            timezone=seller.timezone,
            checkout_url=seller.checkout_url,
        )
    mail = RenewalMail(
        link=about,
        paid_until=one.buyer.paid_until,
        merchant_name=about.merchant_name,
        support_email=about.support_email,
        color=about.color,
        livemode=one.buyer.livemode,
    )
    return Reminder(
        id=new_id(),
        org_id=one.buyer.org_id,
        link_id=one.buyer.link_id,
        to_address=one.buyer.to_address,
        locale=one.buyer.locale,
        about=mail,
        due_at=seen.send_at,
        remind_on=day_of(seen.send_at, about.timezone),
        kind=seen.kind,
    )


def _lapsed(one: Candidate, now: datetime) -> PlanPeriodLapsed:
    buyer = one.buyer
    return PlanPeriodLapsed(
        org_id=buyer.org_id,
        link_id=buyer.link_id,
        charge_id=buyer.charge_id,
        plan_id=buyer.plan_id,
        paid_until=buyer.paid_until,
        livemode=buyer.livemode,
        at=now,
    )


def _looked_at(one: Candidate, seen: Seen, now: datetime) -> tuple[plan_periods.Buyer, datetime | None]:
    buyer = msgspec.structs.replace(
        one.buyer,
        lapsed_at=now if seen.lapses else one.buyer.lapsed_at,
        ended_at=now if seen.ends else None,
        told_since=max(one.buyer.told_since, now),
    )
    return buyer, seen.next_at


def _timezone(one: Candidate, known: Known | None) -> str:
    if isinstance(one.merchant, MerchantView):
        return one.merchant.timezone
    return known.about.timezone if known is not None and known.about is not None else "UTC"
