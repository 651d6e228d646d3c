"""What buyers of plans have paid for, and until when. Nobody is charged by itself: who wants to go on pays again.

The periods follow from the payments alone, in whatever order their facts come in: each payment that was not given back
adds one. It begins at the payment; paid before the one before it is over, it begins when that ends.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from services.notify.domain.reminder import zone_of
from shared.contracts.links import PlanView

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_DAYS: Final = {"day": 1, "week": 7}
_YEAR_MAX: Final = 9000
"""A buyer who pays for millennia has until then."""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one payment. `link_id` None: only that it went back, which may be heard of first.

    `address` is lower-cased, `to_address` as the buyer wrote it.
    """

    charge_id: UUID
    org_id: UUID
    link_id: UUID | None = None
    address: str | None = None
    to_address: str | None = None
    locale: str | None = None
    timezone: str | None = None
    livemode: bool | None = None
    plan: PlanView | None = None
    paid_at: datetime | None = None
    refunded_at: datetime | None = None
    disputed_at: datetime | None = None
    won_at: datetime | None = None

    @property
    def closed(self) -> Literal["refunded", "disputed"] | None:
        """Why it counts for nothing; None: it counts. A dispute that was won is as if it had not been."""
        if self.refunded_at is not None:
            return "refunded"
        if self.disputed_at is None or (self.won_at is not None and self.won_at >= self.disputed_at):
            return None
        return "disputed"


class Period(msgspec.Struct, frozen=True):
    charge_id: UUID
    starts_at: datetime
    ends_at: datetime


def makes_a_period(plan: PlanView | None) -> bool:
    """False for an interval that was thought of after us."""
    return plan is not None and (plan.interval in _MONTHS or plan.interval in _DAYS)


def periods(payments: Sequence[Payment]) -> list[Period]:
    """In order. Months count from the first of those that follow on each other: 31 January, 28 February, 31 March."""
    counted = [one for one in payments if one.closed is None and one.paid_at is not None and makes_a_period(one.plan)]
    found: list[Period] = []
    anchor, months, days, zone = datetime.min.replace(tzinfo=UTC), 0, 0, "UTC"
    for one in sorted(counted, key=lambda one: (one.paid_at, one.charge_id)):
        assert one.paid_at is not None
        assert one.plan is not None
        if not found or found[-1].ends_at < one.paid_at:
            anchor, months, days, zone = one.paid_at, 0, 0, one.timezone or "UTC"
        starts_at = found[-1].ends_at if months or days else anchor
        months += _MONTHS.get(one.plan.interval, 0) * one.plan.interval_count
        days += _DAYS.get(one.plan.interval, 0) * one.plan.interval_count
        found.append(Period(one.charge_id, starts_at, _after(anchor, months, days, zone=zone)))
    return found


def _after(moment: datetime, months: int, days: int, *, zone: str) -> datetime:
    """The same time of day where the organization is; the last of a month that is shorter."""
    there = moment.astimezone(zone_of(zone))
    years, month = divmod(there.month - 1 + months, 12)
    if there.year + years + days // 365 >= _YEAR_MAX:
        return datetime(_YEAR_MAX, 1, 1, tzinfo=UTC)
    year, month = there.year + years, month + 1
    day = min(there.day, monthrange(year, month)[1])
    return (there.replace(year=year, month=month, day=day) + timedelta(days=days)).astimezone(UTC)
