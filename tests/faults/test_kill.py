"""kill -9 of each part in the middle of many payments: every captured charge is counted once and has one receipt."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncGenerator

import pytest

from tests.e2e.api import Api
from tests.faults.buyers import buy
from tests.faults.checker import Findings, examine
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.timeout(420)]

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
PAYMENTS = 200 if FULL else 40
AT_ONCE = 25
SETTLES_SECONDS_MAX = 90


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Api, None]:
    stack = Stack(tmp_path_factory.mktemp("faults") / "home")
    await stack.start()
    client = Api(stack)
    yield client
    await client.close()
    await stack.stop()


@pytest.mark.parametrize(
    ("parts", "amount_minor"),
    [
        (("links",), 61_001),
        (("checkout",), 61_002),
        (("notify",), 61_003),
        (("nats",), 61_004),
        (("sandbox",), 61_005),
        (("postgres",), 61_006),
    ],
)
async def test_a_part_that_is_killed_among_payments_costs_nobody_anything(
    api: Api, parts: tuple[str, ...], amount_minor: int
) -> None:
    link = await api.link(title=f"Killed: {parts[0]}", pricing={**PRICE, "amount_minor": amount_minor})
    began = time.monotonic()
    outcomes, killed_at = await _pay_and_kill(api, link, parts)
    findings = await _settled(api, link, amount_minor)
    print(
        f"\nkill -9 {'+'.join(parts)} after {killed_at} of {PAYMENTS} payments: {dict(outcomes)}, "
        f"{findings.captured} captured, settled after {time.monotonic() - began:.1f} s, faults {findings.faults()}"
    )
    assert findings.faults() == {}
    assert findings.captured == outcomes["paid"]
    assert outcomes["paid"] >= PAYMENTS - AT_ONCE, "only those under way at the kill may have to pay anew"
    assert set(outcomes) <= {"paid", "open"}


PRICE = {"type": "fixed", "currency": "UGX"}


async def _pay_and_kill(api: Api, link: dict, parts: tuple[str, ...]) -> tuple[Counter[str], int]:
    room = asyncio.Semaphore(AT_ONCE)
    outcomes: Counter[str] = Counter()
    middle = asyncio.Event()

    async def one(number: int) -> None:
        async with room:
            outcomes[await buy(api, link, number)] += 1
            if outcomes.total() >= PAYMENTS // 3:
                middle.set()

    buyers = [asyncio.create_task(one(number)) for number in range(PAYMENTS)]
    await middle.wait()
    killed_at = outcomes.total()
    for part in parts:
        api.stack.kill(part)
    await asyncio.gather(*buyers)
    return outcomes, killed_at


async def _settled(api: Api, link: dict, amount_minor: int) -> Findings:
    """The findings, once nothing is wrong any more, or as they are when patience ends."""
    ends = time.monotonic() + SETTLES_SECONDS_MAX
    while True:
        findings = await examine(api, link, amount_minor)
        if not findings.faults() or time.monotonic() > ends:
            return findings
        await asyncio.sleep(0.5)
