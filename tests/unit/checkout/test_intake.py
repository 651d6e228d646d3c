import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from services.checkout.use_cases.intake import (
    BEHIND,
    BEHIND_MAX,
    BEHIND_SECONDS_MAX,
    CROWD,
    CROWD_COMES,
    CROWD_SECONDS,
    QUIET_SECONDS,
    GiveWay,
    Intake,
)

BATCH = 10


class Room:
    """Callbacks that wait, on a clock that goes on only while somebody sleeps."""

    def __init__(self, waiting: int = 0) -> None:
        self.now = 100.0
        self.intake = Intake(lambda: self.now)
        self.rounds: list[float] = []
        self.waiting = waiting
        self.while_asleep: Callable[[], None] = lambda: None
        self.give_way = GiveWay("test", self.intake, apply=self.apply, batch=BATCH, monotonic=lambda: self.now)

    async def apply(self) -> int:
        self.rounds.append(round(self.now - 100.0, 3))
        found = min(BATCH, self.waiting)
        self.waiting -= found
        return found

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.while_asleep()

    def come(self, count: int, *, at_once: int, seconds: float = 0.0) -> None:
        """`count` callbacks are stored, `at_once` at a time, in so many seconds."""
        for first in range(0, count, at_once):
            with ExitStack() as storing:
                for _ in range(min(at_once, count - first)):
                    self.now += seconds / count
                    storing.enter_context(self.intake.storing())

    def crowd(self) -> None:
        self.come(CROWD_COMES + CROWD, at_once=CROWD)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    made = Room()
    monkeypatch.setattr(asyncio, "sleep", made.sleep)
    return made


@pytest.mark.parametrize(
    "comes",
    [
        pytest.param({"count": 5 * CROWD_COMES, "at_once": CROWD - 1}, id="many, that are stored as fast as they come"),
        pytest.param({"count": CROWD_COMES - 1, "at_once": CROWD_COMES}, id="some that piled up for a moment"),
        pytest.param(
            {"count": 2 * CROWD_COMES, "at_once": 2 * CROWD, "seconds": 3 * CROWD_SECONDS}, id="many, at a usual pace"
        ),
    ],
)
async def test_what_is_no_crowd_is_applied_at_once(room: Room, comes: dict[str, Any]) -> None:
    room.come(**comes)
    began = room.now
    await room.give_way()
    assert room.now == began
    assert len(room.rounds) == 1


async def test_what_is_stored_waits_until_the_crowd_is_over(room: Room) -> None:
    crowds = iter(range(3))

    def more() -> None:
        if next(crowds, None) is not None:
            room.crowd()

    room.while_asleep = more
    room.crowd()
    await room.give_way()
    assert room.rounds == [pytest.approx(4 * QUIET_SECONDS)]


async def test_a_crowd_without_end_is_given_way_to_only_for_so_long(room: Room) -> None:
    room.waiting = 2 * BATCH + 1
    room.while_asleep = lambda: room.come(2 * CROWD, at_once=2 * CROWD)
    room.crowd()
    assert [await room.give_way() for _ in range(3)] == [BATCH, BATCH, 1]
    first, *others = room.rounds
    assert BEHIND_SECONDS_MAX <= first < BEHIND_SECONDS_MAX + 2 * QUIET_SECONDS
    assert others == [first, first], "until it has caught up it waits no more"
    await room.give_way()
    assert room.rounds[-1] >= first + BEHIND_SECONDS_MAX, "then it gives way again"


async def test_a_crowd_is_given_way_to_only_while_so_many_wait(room: Room) -> None:
    room.waiting = BATCH + 1

    def more() -> None:
        room.come(BEHIND_MAX // 2, at_once=2 * CROWD)

    room.while_asleep = more
    room.crowd()
    await room.give_way()
    assert room.rounds == [pytest.approx(2 * QUIET_SECONDS)]
    await room.give_way()
    assert room.rounds[1] == room.rounds[0], "until it has caught up it waits no more"


async def test_one_that_fails_is_behind_since_before(room: Room) -> None:
    failing = [RuntimeError("the database is away")]

    async def apply() -> int:
        if failing:
            raise failing.pop()
        return await room.apply()

    give_way = GiveWay("test", room.intake, apply=apply, batch=BATCH, monotonic=lambda: room.now)
    with pytest.raises(RuntimeError):
        await give_way()
    room.now += BEHIND_SECONDS_MAX
    room.crowd()
    await give_way()
    assert room.rounds == [BEHIND_SECONDS_MAX]


async def test_how_far_it_is_behind_can_be_seen(room: Room) -> None:
    seen: list[float] = []

    def look() -> None:
        (metric,) = BEHIND.collect()
        seen.extend(sample.value for sample in metric.samples if sample.labels["work"] == "test")

    room.while_asleep = look
    room.crowd()
    await room.give_way()
    look()
    assert seen == [pytest.approx(QUIET_SECONDS), 0.0]
