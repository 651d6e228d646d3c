"""Bodies that do not come: who is waited for, for how long, and who is not any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from shared.runtime import unread
from shared.runtime.bodies import LARGE_TIMES, Bodies, RequestTimeout
from shared.runtime.unread import reads_to_the_end

SECONDS_MAX = 10.0
READ_SECONDS_MAX = 0.4


class Hand:
    """A clock that tests turn."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Reading:
    """A task that waits for a body, and what became of it."""

    def __init__(self, bodies: Bodies, client: str = "203.0.113.9", *, large: bool = False) -> None:
        self.came = asyncio.Event()
        self.cancelling = -1
        self.task = asyncio.create_task(self._read(bodies, client, large=large))

    async def _read(self, bodies: Bodies, client: str, *, large: bool) -> str:
        try:
            with bodies.awaiting(client, large=large):
                await self.came.wait()
        except RequestTimeout:
            task = asyncio.current_task()
            assert task
            self.cancelling = task.cancelling()
            return "late"
        return "read"

    async def result(self) -> str:
        async with asyncio.timeout(2):
            return await self.task


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def bodies(hand: Hand) -> Bodies:
    return Bodies(SECONDS_MAX, per_address_max=2, monotonic=hand)


async def test_a_body_is_waited_for_until_its_time_is_over(bodies: Bodies, hand: Hand) -> None:
    one = Reading(bodies)
    await asyncio.sleep(0)
    hand.now += SECONDS_MAX - 0.1
    bodies.look()
    await asyncio.sleep(0)
    assert not one.task.done()
    hand.now += 0.1
    bodies.look()
    bodies.look()
    assert await one.result() == "late"
    assert one.cancelling == 0  # whatever it waits for next is not cut short


async def test_where_more_may_be_sent_the_time_is_longer(bodies: Bodies, hand: Hand) -> None:
    one = Reading(bodies, large=True)
    await asyncio.sleep(0)
    hand.now += SECONDS_MAX * LARGE_TIMES - 0.1
    bodies.look()
    await asyncio.sleep(0)
    assert not one.task.done()
    hand.now += 0.1
    bodies.look()
    assert await one.result() == "late"


async def test_a_body_that_came_in_time_is_forgotten(bodies: Bodies, hand: Hand) -> None:
    one = Reading(bodies)
    await asyncio.sleep(0)
    one.came.set()
    assert await one.result() == "read"
    hand.now += 10 * SECONDS_MAX
    bodies.look()


async def test_who_is_cancelled_by_somebody_else_is_not_told_of_a_timeout(bodies: Bodies, hand: Hand) -> None:
    cancelled, both = Reading(bodies), Reading(bodies)
    await asyncio.sleep(0)
    cancelled.task.cancel()
    await asyncio.wait([cancelled.task])
    hand.now += SECONDS_MAX
    bodies.look()
    both.task.cancel()
    await asyncio.wait([both.task])
    assert cancelled.task.cancelled()
    assert both.task.cancelled()


async def test_what_the_reader_makes_of_its_end_is_not_put_aside(bodies: Bodies, hand: Hand) -> None:
    async def read() -> None:
        with bodies.awaiting("203.0.113.9", large=False):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise OSError("gone") from None

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    hand.now += SECONDS_MAX
    bodies.look()
    with pytest.raises(OSError, match="gone"):
        await reading


async def test_of_an_address_with_too_many_slow_bodies_those_that_came_last_are_ended(
    bodies: Bodies, hand: Hand
) -> None:
    ours = [Reading(bodies) for _ in range(4)]
    stranger = Reading(bodies, "198.51.100.7")
    await asyncio.sleep(0)
    hand.now += SECONDS_MAX / 2
    quick = Reading(bodies)
    await asyncio.sleep(0)
    bodies.look()
    assert [await one.result() for one in ours[2:]] == ["late", "late"]
    for one in (*ours[:2], stranger, quick):
        one.came.set()
        assert await one.result() == "read"


async def test_however_many_come_at_once_none_is_slow_yet(bodies: Bodies, hand: Hand) -> None:
    crowd = [Reading(bodies) for _ in range(50)]
    await asyncio.sleep(0)
    hand.now += SECONDS_MAX / 20
    bodies.look()
    for one in crowd:
        one.came.set()
    assert {await one.result() for one in crowd} == {"read"}


async def test_it_looks_by_itself() -> None:
    bodies = Bodies(0.05)
    looking = asyncio.create_task(bodies.run())
    assert await Reading(bodies).result() == "late"
    looking.cancel()


async def test_what_came_while_the_process_was_busy_is_not_slow() -> None:
    bodies = Bodies(0.8, per_address_max=0)
    looking = asyncio.create_task(bodies.run())
    arrived = asyncio.Event()

    async def read() -> str:
        with bodies.awaiting("203.0.113.9", large=False):
            await arrived.wait()
            for _ in range(5):  # through the hands of the server
                await asyncio.sleep(0)
        return "read"

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    arrived.set()
    time.sleep(0.2)  # noqa: ASYNC251 - the loop is held up
    assert await reading == "read"
    looking.cancel()


Receive = Callable[[], Awaitable[dict[str, object]]]


async def test_only_a_refusal_for_being_late_goes_out_before_the_rest_of_the_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unread, "READ_SECONDS_MAX", READ_SECONDS_MAX)

    async def answering(
        scope: dict[str, int], _: Receive, send: Callable[[dict[str, object]], Awaitable[None]]
    ) -> None:
        await send({"type": "http.response.start", "status": scope["answer"], "headers": []})

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    async def seconds(status: int) -> float:
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        scope: dict[str, object] = {"type": "http", "method": "POST", "headers": [], "answer": status}
        await reads_to_the_end(answering)(scope, never, send)  # pyright: ignore[reportArgumentType]
        assert sent[0]["status"] == status
        return loop.time() - began

    assert await seconds(408) < READ_SECONDS_MAX / 2
    assert await seconds(404) >= READ_SECONDS_MAX * 0.9
