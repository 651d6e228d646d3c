from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from cyclopts import App, Parameter, validators

from deploy.cli.bus.connect import CliError, run
from deploy.cli.output import as_json, print_json, print_table
from deploy.cli.simulation.check import check, stats
from deploy.cli.simulation.crowd import Sale, pay
from deploy.cli.simulation.world import World, running_world

BUYERS_MAX = 1000
TIMES_MAX = 50
PRICE = {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}
Buyers = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=BUYERS_MAX))]
Callbacks = Literal["deliver", "duplicate", "shuffle", "drop"]

app = App(
    name="simulate", help="Trouble on the running stack, in test mode: what providers and crowds do. Ends with a check."
)


@app.command
def duplicate(
    *,
    buyers: Buyers = 5,
    times: Annotated[int, Parameter(validator=validators.Number(gte=2, lte=TIMES_MAX))] = 10,
    json: bool | None = None,
) -> None:
    """Let the provider send every callback several times. Each payment must count once. Exit code 1: it does not.

    Example: `paylinks simulate duplicate --buyers 20 --times 10`

    Args:
        buyers: How many pay, all at once.
        times: How often each callback comes.
        json: JSON lines, or not; without it, JSON lines into a pipe.
    """
    run(_simulate(buyers, None, callbacks="duplicate", times=times, json=as_json(asked=json)))


@app.command
def reorder(*, buyers: Buyers = 5, json: bool | None = None) -> None:
    """Let the provider's callbacks come repeated and in any order, `succeeded` before `pending`. Each counts once.

    Example: `paylinks simulate reorder --buyers 20`

    Args:
        buyers: How many pay, all at once.
        json: JSON lines, or not; without it, JSON lines into a pipe.
    """
    run(_simulate(buyers, None, callbacks="shuffle", times=3, json=as_json(asked=json)))


@app.command
def drop(*, buyers: Buyers = 5, json: bool | None = None) -> None:
    """Let every callback be lost. The provider is asked, then, and each payment still counts.

    Example: `paylinks simulate drop --buyers 20`

    Args:
        buyers: How many pay, all at once.
        json: JSON lines, or not; without it, JSON lines into a pipe.
    """
    run(_simulate(buyers, None, callbacks="drop", json=as_json(asked=json)))


@app.command
def buyers(
    count: Buyers,
    *,
    link: str | None = None,
    uses_max: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
    json: bool | None = None,
) -> None:
    """Let many buyers pay one link at once. Of limited uses, exactly as many are sold as there are.

    Example: `paylinks simulate buyers 60 --uses-max 3`

    Args:
        count: How many.
        link: The slug of a link with a fixed price; else a new one is made.
        uses_max: How often the new link can be paid; else without limit.
        json: JSON lines, or not; without it, JSON lines into a pipe.
    """
    if link is not None and uses_max is not None:
        raise SystemExit("--uses-max is for a new link: leave --link away.")
    run(_simulate(count, link, uses_max=uses_max, json=as_json(asked=json)))


async def _simulate(
    count: int,
    slug: str | None,
    *,
    callbacks: Callbacks = "deliver",
    times: int = 1,
    uses_max: int | None = None,
    json: bool,
) -> int:
    async with running_world() as world:
        link = await _existing(world, slug) if slug else await _made(world, callbacks, uses_max)
        before = await stats(world, link)
        earlier = await world.sandbox("GET", "/control/faults")
        await world.sandbox("PUT", "/control/faults", {**earlier, "callbacks": callbacks, "callback_times": times})
        try:
            sales = await pay(world, link, count)
        finally:
            # Also after Ctrl-C: the next payment must not be hit by what this one was to show.
            await world.sandbox("PUT", "/control/faults", earlier)
        wrong = await check(world, link, before, sales)
        if uses_max is not None and (paid := sum(sale.paid for sale in sales)) != min(uses_max, count):
            wrong.append(f"{paid} of {count} buyers have paid for {uses_max} uses.")
    return _told(link, sales, wrong, json=json)


async def _existing(world: World, slug: str) -> dict[str, Any]:
    found = (await world.merchant("GET", f"/v1/payment-links?slug={quote(slug, safe='')}"))["data"]
    if not found:
        raise CliError(f"There is no link '{slug}'.")
    if found[0]["pricing"]["type"] != "fixed" or found[0]["providers"] != ["sandbox"]:
        raise CliError(f"'{slug}' must have a fixed price, and be paid by the provider 'sandbox' alone.")
    return found[0]


async def _made(world: World, callbacks: Callbacks, uses_max: int | None) -> dict[str, Any]:
    body = {"title": f"Simulated: {callbacks}", "pricing": PRICE, "providers": ["sandbox"], "uses_max": uses_max}
    return await world.merchant("POST", "/v1/payment-links", body)


def _told(link: dict[str, Any], sales: Sequence[Sale], wrong: list[str], *, json: bool) -> int:
    if json:
        for sale in sales:
            print_json(sale)
        print_json(
            {"link": link["slug"], "buyers": len(sales), "paid": sum(sale.paid for sale in sales), "wrong": wrong}
        )
        return 1 if wrong else 0
    print_table([_row(sale) for sale in sales])
    outcomes = ", ".join(
        f"{times} {outcome}" for outcome, times in Counter(sale.outcome for sale in sales).most_common()
    )
    print(f"\n{link['url']}: {outcomes}.")
    for sentence in wrong:
        print(f"WRONG  {sentence}")
    if not wrong:
        print("Checked: the provider's books, the counts, the revenue and the receipts agree.")
    return 1 if wrong else 0


def _row(sale: Sale) -> dict[str, object]:
    row = msgspec.structs.asdict(sale)
    del row["callbacks_due"]
    return row
