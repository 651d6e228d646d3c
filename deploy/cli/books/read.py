"""Reading the books of both databases, each as it was at one moment."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from deploy.cli.books.compare import Difference, Earned, Entry, compared, revenue_compared, uses_compared
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

PREFETCH: Final = 2_000
_HERE: Final = Path(__file__)
_checkout: Final = statements(str(_HERE.with_name("checkout.py")))
_links: Final = statements(str(_HERE.with_name("links.py")))


class Report(Struct, frozen=True, kw_only=True):
    charges: int
    refunds: int
    disputes: int
    currencies: tuple[str, ...]
    differences: list[Difference]


async def check(checkout: Postgres, links: Postgres) -> Report:
    """Checkout is read first: what links knows later than that cannot be missed in it."""
    async with checkout.transaction() as ours, links.transaction() as theirs:
        for tx in (ours, theirs):
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await tx.execute("SET LOCAL statement_timeout = 0")
        counts = await ours.fetchrow(_checkout["counts"])
        sums = await ours.fetch(_checkout["sums"])
        assert counts is not None
        differences = [
            Difference("sum_not_zero", row["currency"], f"all lines in {row['currency']} sum to {row['sum']}")
            for row in sums
            if row["sum"] != 0
        ]
        differences += await _inside(ours)
        differences += await _across(ours, theirs)
    return Report(
        charges=counts["charges"],
        refunds=counts["refunds"],
        disputes=counts["disputes"],
        currencies=tuple(row["currency"] for row in sums),
        differences=sorted(differences),
    )


async def repair(checkout: Postgres, now: datetime) -> int:
    """How many charges were posted that the ledger did not know."""
    return await checkout.fetchval(_checkout["repair"], now)


async def _inside(tx: Transaction) -> list[Difference]:
    """What checkout's own tables and its ledger disagree about."""
    found = [
        Difference("transaction_not_zero", str(row["subject"]), f"its lines in {row['currency']} sum to {row['sum']}")
        for row in await tx.fetch(_checkout["unbalanced"])
    ]
    found += [
        Difference("posted_twice", str(row["subject"]), f"{row['times']} movements of kind {row['kind']}")
        for row in await tx.fetch(_checkout["posted_twice"])
    ]
    for kind in ("charge", "refund", "dispute"):
        found += [_against(kind, dict(row)) for row in await tx.fetch(_checkout[f"{kind}s_against_postings"])]
    for row in await tx.fetch(_checkout["sums_of_charges"]):
        for name in ("refunded", "refunding", "disputed"):
            if row[f"{name}_minor"] != row[name]:
                text = f"{name}_minor is {row[f'{name}_minor']}, its refunds and disputes make {row[name]}"
                found.append(Difference("other_sum", str(row["subject"]), text))
    return found


def _against(kind: str, row: dict[str, Any]) -> Difference:
    subject = str(row["subject"])
    if row["posted"] is None:
        text = f"{row['expected']} {row['currency']}, and the ledger has nothing of it"
        return Difference(f"{kind}_not_posted", subject, text)
    if row["expected"] is None:
        text = f"the ledger has {row['posted']} {row['posted_currency']}, and no such {kind} has succeeded"
        return Difference(f"{kind}_without_cause", subject, text)
    text = f"{row['expected']} {row['currency']}, the ledger has {row['posted']} {row['posted_currency']}"
    return Difference(f"{kind}_posted_wrongly", subject, text)


async def _across(ours: Transaction, theirs: Transaction) -> list[Difference]:
    earned = Earned(Counter(), Counter())
    found = await compared(
        "charge", _entries(ours, _checkout["captured"]), _entries(theirs, _links["captured"]), earned
    )
    found += await compared(
        "refund", _entries(ours, _checkout["refunded"]), _entries(theirs, _links["refunded"]), earned
    )
    uses: dict[UUID, int] = {row["id"]: row["used"] for row in await theirs.fetch(_links["uses"])}
    revenue = {
        (row["link_id"], row["currency"]): int(row["revenue_minor"]) for row in await theirs.fetch(_links["revenue"])
    }
    return found + uses_compared(earned, uses) + revenue_compared(earned, revenue)


async def _entries(tx: Transaction, statement: str) -> AsyncIterator[Entry]:
    async for row in tx.cursor(statement, prefetch=PREFETCH):
        yield Entry(**dict(row))
