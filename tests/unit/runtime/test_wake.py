import asyncio
from itertools import pairwise

import pytest

from shared.runtime.outbox import Wake


async def test_a_crowd_rings_the_relay_first_at_once_and_then_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[float] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr("shared.runtime.outbox.SOON_SECONDS", 0.05)
    wake = Wake()
    wake.listen(lambda: rung.append(loop.time()))
    began = loop.time()
    while loop.time() - began < 0.12:
        wake.soon()
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.15)
    assert rung[0] - began < 0.02
    assert 2 <= len(rung) <= 4
    assert all(later - earlier >= 0.045 for earlier, later in pairwise(rung))
    before = len(rung)
    wake.soon()
    assert len(rung) == before + 1, "after a pause it rings at once again"
