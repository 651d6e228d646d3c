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
