"""When a buyer of a plan is reminded: before the end of what they have paid for, and for some days after it."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from services.notify.domain.link_mail import Known, LinkMail
from services.notify.domain.reminder import daytime_before, in_daytime
from shared.contracts.links import PlanView, RemindersView
from shared.contracts.notify import SkipReason

RenewalKind = Literal["renewal", "dunning"]
_DAY = timedelta(days=1)


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer of one link's plan, by address. `charge_id` is the last payment that counts, `starts_at` its period's.

    `lapsed_at`: it was said that the end has come. `ended_at`: nothing more will be said. `quit`: the newest payment
    went back, so that nobody asks them for another.
    """

    link_id: UUID
    address: str
    org_id: UUID
    to_address: str
    locale: str
    livemode: bool
    plan_id: UUID
    charge_id: UUID
    starts_at: datetime | None = None
    paid_until: datetime | None = None
    quit: bool = False
    lapsed_at: datetime | None = None
    ended_at: datetime | None = None
    told_since: datetime


class RenewalMail(msgspec.Struct, frozen=True, kw_only=True):
    """`link` is as it was when the mail became due."""

    link: LinkMail
    paid_until: datetime
    merchant_name: str
    support_email: str | None
    color: str | None
    livemode: bool


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a look at a buyer: a mail, that the end has come, when to look again (None: never)."""

    kind: RenewalKind | None
    send_at: datetime
    lapses: bool
    ends: bool
    next_at: datetime | None


def look(buyer: Buyer, reminders: RemindersView, *, timezone: str, since: datetime, now: datetime) -> Seen:
    """What was due before `since` has been said, or never will be."""
    until = buyer.paid_until
    if until is None or buyer.starts_at is None:
        return Seen(kind=None, send_at=now, lapses=False, ends=True, next_at=None)
    planned = moments(reminders, starts_at=buyer.starts_at, paid_until=until, timezone=timezone)
    over = until <= now
    wanted: RenewalKind = "dunning" if over else "renewal"
    due = any(since < moment <= now for moment, kind in planned if kind == wanted)
    coming = [moment for moment, _ in planned if moment > now]
    next_at = min(coming if over else [*coming, until], default=None)
    return Seen(
        kind=wanted if due and not buyer.quit else None,
        send_at=in_daytime(now, timezone),
        lapses=over and buyer.lapsed_at is None,
        ends=next_at is None,
        next_at=next_at,
    )


def moments(
    reminders: RemindersView, *, starts_at: datetime, paid_until: datetime, timezone: str
) -> list[tuple[datetime, RenewalKind]]:
    """In order, by day. What would come before the period has begun is left out: a plan may be of one day."""
    found: set[tuple[datetime, RenewalKind]] = set()
    for days in reminders.renewal_days:
        moment = daytime_before(paid_until, days * _DAY, timezone)
        if moment > starts_at:
            found.add((moment, "renewal"))
    for days in reminders.dunning_days:
        found.add((in_daytime(paid_until + days * _DAY, timezone), "dunning"))
    return sorted(found)


def refusal(known: Known | None, *, exhausted: bool, now: datetime) -> SkipReason | None:
    """Why nobody is to be asked to pay this link's plan again; None when they may be."""
    if known is None or known.standing is None or known.about is None:
        return "no_longer_due"
    if known.standing != "active":
        return known.standing
    if known.expires_at is not None and known.expires_at <= now:
        return "expired"
    if not isinstance(known.about.pricing, PlanView):
        return "no_longer_due"
    return "exhausted" if exhausted else None


def outdated(mail: RenewalMail, kind: RenewalKind, *, buyer: Buyer | None, now: datetime) -> SkipReason | None:
    """Why the mail is not true any more of its buyer; None when it is."""
    if buyer is None or buyer.paid_until is None or buyer.quit:
        return "no_longer_due"
    if buyer.paid_until > mail.paid_until:
        return "paid"
    if buyer.paid_until < mail.paid_until or (kind == "renewal" and mail.paid_until <= now):
        return "no_longer_due"
    return None
