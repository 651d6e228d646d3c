import asyncio

from cyclopts import App

from deploy.cli.books import read
from deploy.cli.bus.connect import CliError, postgres_dsn, run
from shared.kernel.faults import Unavailable
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres

app = App(name="ledger", help="The double-entry ledger of captured money.")


@app.command
def check(
    *,
    repair: bool = False,
    patience: float = 3.0,
    checkout: str | None = None,
    links: str | None = None,
) -> None:
    """Recompute uses and revenue from the ledger, and compare with what everybody says. Exit code 1: they differ.

    Args:
        repair: First post charges that the ledger does not know, from before it was kept. Changes nothing else.
        patience: Seconds after which differences are looked at again: what was only on its way is none by then.
        checkout: DSN of the checkout database; else the running stack's.
        links: DSN of the links database; else the running stack's.
    """
    run(_check(postgres_dsn("checkout", checkout), postgres_dsn("links", links), repair=repair, patience=patience))


async def _check(checkout_dsn: str, links_dsn: str, *, repair: bool, patience: float) -> int:
    checkout = await Postgres.connect(checkout_dsn, name="cli", size_max=1)
    links = await Postgres.connect(links_dsn, name="cli", size_max=1)
    try:
        if repair:
            print(f"Posted {await read.repair(checkout, utc_now())} charges that the ledger did not know.")
        report = await read.check(checkout, links)
        differences = report.differences
        if differences and patience > 0:
            await asyncio.sleep(patience)
            report = await read.check(checkout, links)
            seen = {(one.code, one.subject) for one in differences}
            differences = [one for one in report.differences if (one.code, one.subject) in seen]
    except Unavailable:
        raise CliError("A database does not answer.") from None
    finally:
        await checkout.close()
        await links.close()
    print(f"Checked {report.charges} charges, {report.refunds} refunds, {report.disputes} disputes.")
    if report.currencies and not any(one.code == "sum_not_zero" for one in differences):
        print(f"The ledger sums to zero in {', '.join(report.currencies)}.")
    for one in differences:
        print(f"{one.code}  {one.subject}  {one.text}")
    print(f"{len(differences)} differences." if differences else "No differences.")
    return 1 if differences else 0
