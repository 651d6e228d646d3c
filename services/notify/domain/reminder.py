"""When the recipient of a link that is not paid is reminded: what was asked for, moved out of the night."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from shared.contracts.links import RemindersView

DAY_BEGINS: Final = 8
DAY_ENDS: Final = 20
EVENING: Final = 19
"""Where a reminder goes that would come too late in the morning."""
_DAY: Final = timedelta(days=1)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`reached_at` is when the link reached its recipient: days unpaid count from then."""

    reminders: RemindersView
    reached_at: datetime
    expires_at: datetime | None
    timezone: str


class Look(msgspec.Struct, frozen=True):
    """`send_at` None: there is nothing to say now. `next_at` is when to look again; None: there is nothing to come."""

    send_at: datetime | None
    next_at: datetime | None


def look(plan: Plan, *, since: datetime, now: datetime) -> Look:
    """What was due before `since` has been said, or never will be."""
    planned = moments(plan)
    due = any(since < moment <= now for moment in planned)
    # A service that was away for a while catches up in the morning.
    send_at = in_daytime(now, plan.timezone) if due else None
    return Look(send_at, next((moment for moment in planned if moment > now), None))


def moments(plan: Plan) -> list[datetime]:
    """In order. What would come before the link, or when it is over, is left out."""
    unpaid = (in_daytime(plan.reached_at + days * _DAY, plan.timezone) for days in plan.reminders.unpaid_days)
    found = {moment for moment in unpaid if plan.expires_at is None or moment < plan.expires_at}
    if plan.expires_at is not None:
        for hours in plan.reminders.before_expiry_hours:
            found.add(daytime_before(plan.expires_at, timedelta(hours=hours), plan.timezone))
    return sorted(moment for moment in found if moment > plan.reached_at)


def is_day(moment: datetime, timezone: str) -> bool:
    return DAY_BEGINS <= moment.astimezone(zone_of(timezone)).hour < DAY_ENDS


def in_daytime(moment: datetime, timezone: str) -> datetime:
    """`moment`, or the next morning where that is night."""
    if is_day(moment, timezone):
        return moment
    there = moment.astimezone(zone_of(timezone))
    morning = there.date() if there.hour < DAY_BEGINS else there.date() + _DAY
    return datetime.combine(morning, time(DAY_BEGINS), there.tzinfo).astimezone(UTC)


def day_of(moment: datetime, timezone: str) -> date:
    return moment.astimezone(zone_of(timezone)).date()


def daytime_before(ends_at: datetime, lead: timedelta, timezone: str) -> datetime:
    """`lead` before the end, by day; the evening before where the next morning would be too late."""
    moment = ends_at - lead
    morning = in_daytime(moment, timezone)
    if morning < ends_at:
        return morning
    there = moment.astimezone(zone_of(timezone))
    evening = there.date() if there.hour >= DAY_ENDS else there.date() - _DAY
    return datetime.combine(evening, time(EVENING), there.tzinfo).astimezone(UTC)


def zone_of(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
