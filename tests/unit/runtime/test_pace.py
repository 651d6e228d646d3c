import asyncio

from shared.runtime.pace import Pace


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_round_after_a_pause_waits_for_nothing() -> None:
    watch = Watch()
    pace = Pace(3600, monotonic=watch)
    await asyncio.wait_for(pace.rest(), 1)
    pace.begin()
    watch.now += 3600
    await asyncio.wait_for(pace.rest(), 1)


async def test_rounds_under_load_are_kept_apart() -> None:
    pace = Pace(0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(3):
        await pace.rest()
        pace.begin()
    assert loop.time() - began >= 0.09


async def test_where_many_come_rounds_are_further_apart() -> None:
    watch = Watch()
    pace = Pace(0.0, crowd=10, crowd_seconds=0.05, monotonic=watch)
    loop = asyncio.get_running_loop()

    async def rested(count: int, after: float) -> float:
        watch.now += after
        pace.begin()
        pace.took(count)
        began = loop.time()
        await pace.rest()
        return loop.time() - began

    assert await rested(500, after=10) < 0.04  # a burst after a pause: 2.5 in 50 ms
    assert await rested(3, after=0.02) < 0.04  # 7.5 in 50 ms
    assert await rested(4, after=0.02) >= 0.045  # 10 in 50 ms
