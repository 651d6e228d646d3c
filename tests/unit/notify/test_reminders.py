"""When recipients are reminded: by day where the merchant is, and never of what is over."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain.reminder import Look, Plan, in_daytime, is_day, look, moments
from shared.contracts.links import RemindersView

KAMPALA = "Africa/Kampala"  # UTC+3
MADE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # noon there
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def plan(
    *, hours: tuple[int, ...] = (), days: tuple[int, ...] = (), expires_at: datetime | None = None, zone: str = KAMPALA
) -> Plan:
    return Plan(reminders=RemindersView(hours, days), reached_at=MADE, expires_at=expires_at, timezone=zone)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In Kampala."""
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC) - 3 * HOUR


def test_days_unpaid_count_from_when_the_link_reached_its_recipient() -> None:
    assert moments(plan(days=(3, 1))) == [MADE + DAY, MADE + 3 * DAY]


@pytest.mark.parametrize(
    ("expires", "lead", "expected"),
    [
        (at(10, 18), 24, at(9, 18)),
        # 3 o'clock: the morning is early enough.
        (at(11, 3), 24, at(10, 8)),
        # 22 o'clock, and it is over before the morning: the evening, not the night.
        (at(10, 23), 1, at(10, 19)),
        # 4 o'clock for 6 o'clock: the evening before.
        (at(10, 6), 2, at(9, 19)),
    ],
)
def test_before_the_expiry_means_by_day(expires: datetime, lead: int, expected: datetime) -> None:
    assert moments(plan(hours=(lead,), expires_at=expires)) == [expected]


def test_what_would_come_before_the_link_or_after_its_end_is_left_out() -> None:
    soon = MADE + 2 * DAY
    assert moments(plan(hours=(72,), days=(2, 5), expires_at=soon)) == []
    assert moments(plan(hours=(24,))) == []


def test_the_day_is_from_8_to_20_where_the_merchant_is() -> None:
    assert [is_day(at(2, hour), KAMPALA) for hour in (7, 8, 19, 20)] == [False, True, True, False]
    assert not is_day(at(2, 19, 59), "Asia/Tokyo")
    assert in_daytime(at(2, 20), KAMPALA) == at(3, 8)
    assert in_daytime(at(2, 0), KAMPALA) == at(2, 8)
    assert in_daytime(at(2, 12), "Nowhere/City") == at(2, 12)


def test_a_clock_that_is_put_forward_in_spring_moves_no_reminder_into_the_night() -> None:
    night = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    morning = in_daytime(night, "Europe/Paris")
    assert is_day(morning, "Europe/Paris")
    assert morning == datetime(2027, 3, 28, 6, 0, tzinfo=UTC)


def test_what_is_due_is_said_once_and_the_next_look_is_at_the_next_moment() -> None:
    both = plan(days=(1, 3))
    first, second = MADE + DAY, MADE + 3 * DAY
    assert look(both, since=MADE, now=first - HOUR) == Look(None, first)
    assert look(both, since=MADE, now=first) == Look(first, second)
    assert look(both, since=first, now=first + HOUR) == Look(None, second)
    assert look(both, since=first, now=second) == Look(second, None)


def test_a_service_that_was_away_says_once_what_it_missed_and_not_at_night() -> None:
    assert look(plan(days=(1, 2, 3)), since=MADE, now=at(4, 23)) == Look(at(5, 8), None)


def test_reminders_that_are_asked_for_later_are_not_for_the_days_that_have_gone() -> None:
    assert look(plan(days=(1,)), since=MADE + 2 * DAY, now=MADE + 2 * DAY) == Look(None, None)
