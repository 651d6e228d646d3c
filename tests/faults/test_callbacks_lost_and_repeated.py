"""All callbacks lost, or each of them tenfold and shuffled: the same totals as undisturbed, everywhere."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from tests.e2e.api import Api
from tests.faults.buyers import buy
from tests.faults.checker import examine
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.timeout(420)]

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
PAYMENTS = 200 if FULL else 40
AT_ONCE = 25
SETTLES_SECONDS_MAX = 60
UNDISTURBED = {"callbacks": "deliver", "callback_times": 1}
AMOUNTS = iter(range(62_001, 62_100))
"""Each run asks for an amount of its own: by it, its payments are found in the provider's ledger."""
VERDICTS = "SELECT verdict FROM callback JOIN charge ON charge.id = callback.charge_id WHERE charge.link_id = $1"


@pytest.fixture
async def api(stack: Stack) -> AsyncGenerator[Api, None]:
    client = Api(stack)
    yield client
    await client.sandbox("PUT", "/control/faults", UNDISTURBED)
    await client.close()


async def test_payments_come_to_the_same_totals_whatever_becomes_of_their_callbacks(api: Api) -> None:
    undisturbed, heard = await _run(api, UNDISTURBED)
    assert undisturbed["charges"] == {"succeeded": PAYMENTS}
    assert heard["accepted"] == PAYMENTS
    dropped, heard = await _run(api, {"callbacks": "drop"})
    assert dropped == undisturbed
    assert not heard, "there were callbacks: this says nothing of polling"
    repeated, heard = await _run(api, {"callbacks": "shuffle", "callback_times": 10})
    assert repeated == undisturbed
    assert heard.total() > 5 * PAYMENTS


async def _run(api: Api, faults: dict[str, Any]) -> tuple[dict[str, Any], Counter[str]]:
    """The totals, with every payment as if it had been of one unit; and what became of the callbacks."""
    await api.sandbox("PUT", "/control/faults", faults)
    amount = next(AMOUNTS)
    pricing = {"type": "fixed", "currency": "UGX", "amount_minor": amount}
    link = await api.link(title=f"Callbacks: {faults['callbacks']}", pricing=pricing)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> str:
        async with room:
            return await buy(api, link, number)

    began = time.monotonic()
    outcomes = Counter(await asyncio.gather(*(one(number) for number in range(PAYMENTS))))
    assert outcomes == {"paid": PAYMENTS}
    while True:
        findings = await examine(api, link, amount)
        if not findings.faults() or time.monotonic() - began > SETTLES_SECONDS_MAX:
            break
        await asyncio.sleep(0.3)
    assert findings.faults() == {}
    totals = await _totals(api, link, amount)
    verdicts = await api.rows("checkout", VERDICTS, UUID(link["id"]))
    return totals, Counter(row["verdict"] for row in verdicts)


async def _totals(api: Api, link: dict[str, Any], amount: int) -> dict[str, Any]:
    link_id = UUID(link["id"])
    stats = await api.stats(link)
    charges = await api.rows("checkout", "SELECT status FROM charge WHERE link_id = $1", link_id)
    ledger = await api.rows(
        "checkout",
        "SELECT kind, account, count(*) AS lines, sum(amount_minor)::bigint AS sum FROM ledger_entry"
        " WHERE link_id = $1 GROUP BY 1, 2",
        link_id,
    )
    receipts = await api.rows("notify", "SELECT state FROM mail WHERE link_id = $1", link_id)
    return {
        "charges": Counter(row["status"] for row in charges),
        "uses": (stats["uses"]["used"], stats["uses"]["held"], stats["paid_count"]),
        "revenue": [one["amount_minor"] / amount for one in stats["revenue"]],
        "ledger": {(row["kind"], row["account"]): (row["lines"], row["sum"] / amount) for row in ledger},
        "receipts": Counter(row["state"] for row in receipts),
    }
