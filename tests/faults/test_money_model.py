"""Whatever buyers, providers, clocks and the bus do, money adds up: checkout and links stand as a pure model says.

`money_model` has the model, how each step is done to it and to the services, and which steps there are.
"""

import asyncio
import os
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.money_model.buyers import Buyers
from tests.faults.money_model.money_back import MoneyBack
from tests.faults.money_model.passing import Passing
from tests.faults.money_model.providers import Providers
from tests.support.till import tills

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
EXAMPLES = 2_000 if FULL else 30
STEPS = 30
# Making a failure shorter takes minutes: `PAYLINKS_FAULTS=full` does it, and prints the fewest steps that it takes.
PHASES = tuple(Phase) if FULL else (Phase.explicit, Phase.reuse, Phase.generate)

pytestmark = [pytest.mark.timeout(3_600 if FULL else 180)]

OFTEN = (
    "charge succeeded",
    "charge failed",
    "session paid",
    "session abandoned",
    "use settled",
    "callbacks: several at once",
)
SOMETIMES = (
    "callbacks: told again",
    "callbacks: an older one after a newer",
    "charge expired",
    "create: error_stored",
    "create: timeout_stored",
    "create: timeout_paid",
    "create: timeout_lost",
    "dispute lost",
    "dispute won",
    "forged",
    "hold: all_held",
    "hold: refused",
    "link ended",
    "proves nothing: ask",
    "put aside: refund",
    "put aside: review",
    "refund asked: in part",
    "refund asked: not captured",
    "refund asked: too much",
    "refund asked: whole",
    "refund failed",
    "refund succeeded",
    "review: given back",
    "review: kept",
    "session expired",
    "start: over",
)


class Market(Buyers, Providers, MoneyBack, Passing):
    """All rules, each as likely as any other."""


@pytest.fixture(scope="module")
async def dsns(databases: Any) -> Any:
    made = await databases.clone("checkout"), await databases.clone("links")
    yield made
    for dsn in made:
        await databases.drop(dsn)


def test_whatever_happens_money_adds_up_as_the_model_says(dsns: tuple[str, str]) -> None:
    loop = asyncio.new_event_loop()
    room = tills(*dsns)
    try:
        Market.wait = staticmethod(loop.run_until_complete)
        Market.tills = loop.run_until_complete(room.__aenter__())
        run_state_machine_as_test(
            Market,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=not FULL, print_blob=True, phases=PHASES
            ),
        )
        print("", *(f"{what}: {times}" for what, times in sorted(Market.seen.items())), sep="\n")
        assert min(Market.seen[what] for what in OFTEN) >= EXAMPLES // 10, Market.seen
        # A few examples do not come to all of the rare ends.
        assert not FULL or min(Market.seen[what] for what in SOMETIMES) >= EXAMPLES // 50, Market.seen
    finally:
        loop.run_until_complete(room.__aexit__(None, None, None))
        loop.close()
