"""Whether everybody says the same of what was paid: the buyers, our counts, the provider's books, the mailbox."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from deploy.cli.simulation.crowd import Sale
from deploy.cli.simulation.world import World

SETTLES_SECONDS_MAX = 30.0
LOOK_AGAIN_SECONDS = 0.5


async def check(world: World, link: dict[str, Any], before: dict[str, Any], sales: Sequence[Sale]) -> list[str]:
    """What differs, in sentences, once nothing does or patience ends. `before` are the link's stats of earlier.

    Fills in what the provider says of each sale.
    """
    ends = time.monotonic() + SETTLES_SECONDS_MAX
    while True:
        await asyncio.gather(*(_look_up(world, sale) for sale in sales if sale.charge_id))
        wrong = [*_at_the_provider(sales), *await _counted(world, link, before, sales), *await _mailed(world, sales)]
        if not wrong or time.monotonic() > ends:
            return wrong
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def stats(world: World, link: dict[str, Any]) -> dict[str, Any]:
    return await world.merchant("GET", f"/v1/payment-links/{link['id']}/stats")


async def _look_up(world: World, sale: Sale) -> None:
    payment = await world.payment(sale.charge_id or "")
    if payment is not None:
        sale.captured = payment["captured"]
        sent = await world.callbacks(payment["id"])
        sale.callbacks = sum(len(one["attempts"]) for one in sent)
        sale.callbacks_due = sum(one["state"] == "due" for one in sent)


def _at_the_provider(sales: Sequence[Sale]) -> list[str]:
    wrong: list[str] = []
    for sale in sales:
        expected = 1 if sale.paid else 0
        if (sale.captured or 0) != expected:
            wrong.append(
                f"Buyer {sale.number} is {sale.outcome}, and the provider captured {sale.captured or 0} times."
            )
        if sale.callbacks_due:
            wrong.append(f"{sale.callbacks_due} callbacks about buyer {sale.number} are still on their way.")
    return wrong


async def _counted(world: World, link: dict[str, Any], before: dict[str, Any], sales: Sequence[Sale]) -> list[str]:
    now, paid = await stats(world, link), sum(sale.paid for sale in sales)
    counted = now["paid_count"] - before["paid_count"]
    revenue = _revenue(now) - _revenue(before)
    uses, wrong = now["uses"], list[str]()
    if counted != paid:
        wrong.append(f"{paid} buyers have paid, and {counted} payments are counted.")
    if revenue != paid * link["pricing"]["amount_minor"]:
        wrong.append(
            f"The revenue rose by {revenue}, and {paid} payments make {paid * link['pricing']['amount_minor']}."
        )
    if uses["max"] is not None and uses["used"] > uses["max"]:
        wrong.append(f"{uses['used']} uses of {uses['max']} were sold.")
    if uses["held"]:
        wrong.append(f"{uses['held']} uses are still held.")
    return wrong


def _revenue(stats: dict[str, Any]) -> int:
    return sum(part["amount_minor"] for part in stats["revenue"])


async def _mailed(world: World, sales: Sequence[Sale]) -> list[str]:
    found = await asyncio.gather(*(world.mails(sale.email) for sale in sales))
    return [
        f"Buyer {sale.number} is {sale.outcome}, and got {mails} mails."
        for sale, mails in zip(sales, found, strict=True)
        if mails is not None and mails != (1 if sale.paid else 0)
    ]
