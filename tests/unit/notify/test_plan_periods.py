"""What follows from the payments of a plan: periods that fit together, whatever order they are heard of in."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from services.notify.domain.plan_period import Payment, makes_a_period, periods
from services.notify.domain.renewal import Buyer, RenewalKind, Seen, look, moments
from shared.contracts.links import PlanView, RemindersView
from shared.kernel.ids import new_id
from shared.kernel.money import Money

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOON = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
"""In Kampala."""


def plan(interval: str = "month", count: int = 1) -> PlanView:
    return PlanView(plan_id=new_id(), name="Gold", total=Money(1999, "USD"), interval=interval, interval_count=count)


def payment(at: str, interval: str = "month", count: int = 1, **over: Any) -> Payment:
    """At a local time of the organization, which is in UTC where nothing else is said."""
    return Payment(
        charge_id=new_id(),
        org_id=new_id(),
        link_id=new_id(),
        address="amina@example.com",
        plan=plan(interval, count),
        paid_at=datetime.fromisoformat(at + "+00:00"),
        **over,
    )


def ends(*payments: Payment) -> list[str]:
    return [one.ends_at.isoformat()[:16] for one in periods(payments)]


@pytest.mark.parametrize(
    ("interval", "count", "end"),
    [
        ("day", 1, "2027-02-01T10:00"),
        ("day", 30, "2027-03-02T10:00"),
        ("week", 2, "2027-02-14T10:00"),
        ("month", 1, "2027-02-28T10:00"),
        ("month", 2, "2027-03-31T10:00"),
        ("month", 13, "2028-02-29T10:00"),
        ("quarter", 1, "2027-04-30T10:00"),
        ("year", 1, "2028-01-31T10:00"),
    ],
)
def test_a_period_is_as_long_as_its_plan_and_ends_with_a_shorter_month(interval: str, count: int, end: str) -> None:
    assert ends(payment("2027-01-31T10:00", interval, count)) == [end]


def test_a_leap_day_comes_back_in_the_next_leap_year() -> None:
    years = [payment(f"20{year}-02-20T10:00", "year") for year in (29, 30, 31)]
    assert ends(payment("2028-02-29T10:00", "year"), *years)[:1] == ["2029-02-28T10:00"]
    assert ends(payment("2028-02-29T10:00", "year"), *years)[-1] == "2032-02-29T10:00"


def test_periods_that_are_paid_early_follow_on_each_other_and_keep_the_day_of_the_month() -> None:
    early = [payment("2027-01-31T10:00"), payment("2027-02-27T12:00"), payment("2027-02-27T12:05")]
    assert ends(*early) == ["2027-02-28T10:00", "2027-03-31T10:00", "2027-04-30T10:00"]
    found = periods(early)
    assert [one.starts_at for one in found[1:]] == [one.ends_at for one in found[:-1]]


def test_who_pays_after_the_end_begins_at_the_payment() -> None:
    found = periods([payment("2027-01-31T10:00"), payment("2027-03-03T09:00")])
    assert found[1].starts_at.isoformat()[:16] == "2027-03-03T09:00"
    assert found[1].ends_at.isoformat()[:16] == "2027-04-03T09:00"


def test_the_day_is_that_of_the_organization_not_of_utc() -> None:
    # 1 February, half past one, in Kampala: a month ends on 1 March there, whose eve is 28 February in UTC.
    assert ends(payment("2027-01-31T22:30", timezone="Africa/Kampala")) == ["2027-02-28T22:30"]
    assert ends(payment("2027-01-31T22:30")) == ["2027-02-28T22:30"]
    assert ends(payment("2027-03-31T21:30", timezone="Africa/Kampala")) == ["2027-04-30T21:30"]
    # A day of 23 hours.
    assert ends(payment("2027-03-27T11:00", "day", timezone="Europe/Paris")) == ["2027-03-28T10:00"]


def test_a_payment_that_went_back_counts_for_nothing_and_what_follows_moves_up() -> None:
    first, second = payment("2027-01-10T10:00"), payment("2027-01-20T10:00")
    refunded = msgspec.structs.replace(first, refunded_at=NOON)
    assert ends(first, second) == ["2027-02-10T10:00", "2027-03-10T10:00"]
    assert ends(refunded, second) == ["2027-02-20T10:00"]
    disputed = msgspec.structs.replace(second, disputed_at=NOON)
    assert ends(first, disputed) == ["2027-02-10T10:00"]
    assert ends(first, msgspec.structs.replace(disputed, won_at=NOON)) == ends(first, second)


def test_the_order_in_which_payments_are_heard_of_changes_nothing() -> None:
    paid = [payment("2027-01-31T10:00"), payment("2027-02-10T10:00", "week"), payment("2027-06-01T10:00")]
    assert len({tuple(ends(*order)) for order in permutations(paid)}) == 1


def test_an_interval_that_we_do_not_know_makes_no_period() -> None:
    assert not makes_a_period(plan("fortnight"))
    assert ends(payment("2027-01-31T10:00", "fortnight")) == []


def test_who_pays_for_millennia_has_until_a_year_that_every_clock_knows() -> None:
    assert ends(*[payment("2027-01-31T10:00", "year", 365) for _ in range(30)])[-1] == "9000-01-01T00:00"


def seen(buyer: Buyer, now: datetime, reminders: RemindersView, *, since: datetime = NOON) -> Seen:
    return look(buyer, reminders, timezone="Africa/Kampala", since=since, now=now)


def buyer(until: datetime | None = NOON + 30 * DAY, **over: Any) -> Buyer:
    about = {"starts_at": NOON, "paid_until": until, "told_since": NOON} | over
    ids = {name: new_id() for name in ("link_id", "org_id", "plan_id", "charge_id")}
    return Buyer(address="a@b.example", to_address="a@b.example", locale="en", livemode=True, **ids, **about)


def test_reminders_come_before_the_end_and_after_it_by_day_and_then_no_more() -> None:
    planned = moments(RemindersView(), starts_at=NOON, paid_until=NOON + 30 * DAY, timezone="Africa/Kampala")
    assert planned == [(NOON + days * DAY, "renewal" if days < 30 else "dunning") for days in (27, 31, 33, 37)]
    midnight = NOON + 30 * DAY + 12 * HOUR
    planned = moments(RemindersView(), starts_at=NOON, paid_until=midnight, timezone="Africa/Kampala")
    assert {(moment + 3 * HOUR).hour for moment, _ in planned} == {8}


def test_a_plan_of_a_day_has_no_reminder_before_it_has_begun() -> None:
    planned = moments(RemindersView(), starts_at=NOON, paid_until=NOON + DAY, timezone="UTC")
    assert [kind for _, kind in planned] == ["dunning"] * 3


@pytest.mark.parametrize(
    ("days", "kind", "lapses", "ends", "next_days"),
    [
        (0, None, False, False, 27),
        (27, "renewal", False, False, 30),
        # Away for days: what would have come before the end is not said after it.
        (30, None, True, False, 31),
        (31, "dunning", True, False, 33),
        (37, "dunning", True, True, None),
        (99, "dunning", True, True, None),
    ],
)
def test_each_look_says_what_is_due_now_and_when_to_look_again(
    *, days: int, kind: RenewalKind | None, lapses: bool, ends: bool, next_days: int | None
) -> None:
    what = seen(buyer(), NOON + days * DAY, RemindersView())
    assert (what.kind, what.lapses, what.ends) == (kind, lapses, ends)
    assert what.next_at == (None if next_days is None else NOON + next_days * DAY)


def test_nobody_is_reminded_twice_nor_who_took_the_money_back_nor_where_it_is_switched_off() -> None:
    at = NOON + 31 * DAY
    assert seen(buyer(), at, RemindersView(), since=at).kind is None
    assert seen(buyer(quit=True), at, RemindersView()).kind is None
    off = seen(buyer(), at, RemindersView(renewal_days=(), dunning_days=()))
    assert (off.kind, off.lapses, off.ends) == (None, True, True)
    assert seen(buyer(lapsed_at=at), at, RemindersView()).lapses is False
    gone = seen(buyer(None), at, RemindersView())
    assert (gone.kind, gone.lapses, gone.ends, gone.next_at) == (None, False, True, None)
