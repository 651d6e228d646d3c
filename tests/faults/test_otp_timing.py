"""Whether a link waits for an address cannot be told from how long the answer takes."""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.gate import GateRig, gate_rig
from tests.support.otp import BUYER
from tests.support.servers import Databases, start_nats

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
REQUESTS = 2_000 if FULL else 150
"""For each of the two addresses."""
AUC_MAX = 0.55 if FULL else 0.62
"""How often a guess by the clock may be right, where 0.5 is a coin. The rank sum of two equal samples spreads by
sqrt((n + m + 1) / 12nm): by 0.033 of 150, so that a fair run is outside of 0.5 ± 0.12 once in three thousand times; by
0.009 of 2,000."""
LANES = 6
STRANGER = "stranger@example.com"


async def test_known_and_unknown_addresses_are_answered_alike_in_time(databases: Databases, tmp_path: Path) -> None:
    bus = await start_nats(tmp_path / "nats")
    try:
        async with gate_rig(tmp_path, databases, bus.url) as rig:
            seconds, statuses = await measured(rig)
    finally:
        await bus.stop()
    assert statuses == Counter({202: 2 * REQUESTS})
    found = auc(seconds[BUYER], seconds[STRANGER])
    print(f"\nAUC {found:.4f} of {REQUESTS} requests each")
    assert 1 - AUC_MAX <= found <= AUC_MAX, f"a guess is right {found:.3f} of the time"


async def measured(rig: GateRig) -> tuple[dict[str, list[float]], Counter[int]]:
    """How long each request took, by address: in a random order, several at once."""
    link = await rig.link()
    asks = [BUYER, STRANGER] * REQUESTS
    random.shuffle(asks)
    seconds: dict[str, list[float]] = {BUYER: [], STRANGER: []}
    statuses: Counter[int] = Counter()
    queue = iter(asks)

    async def lane() -> None:
        for address in queue:
            began = time.perf_counter()
            answer = await rig.ask(link, address)
            seconds[address].append(time.perf_counter() - began)
            statuses[answer.status_code] += 1

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return seconds, statuses


def auc(one: list[float], other: list[float]) -> float:
    """How often a value of `one` is greater than one of `other`, from 0 to 1 (the rank sum of Mann and Whitney)."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(rank for rank, (_, is_one) in enumerate(ranked, start=1) if is_one)
    return (ranks - len(one) * (len(one) + 1) / 2) / (len(one) * len(other))


def test_the_measure_finds_a_difference_where_there_is_one() -> None:
    assert auc([1.0, 2.0], [3.0, 4.0]) == 0
    assert auc([3.0, 4.0], [1.0, 2.0]) == 1
    assert auc([1.0, 4.0], [2.0, 3.0]) == 0.5
