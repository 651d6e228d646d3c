"""Of thousands of charges, the ledger gives the uses and revenue that links tells of, or every difference is listed."""

import os
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from deploy.cli.books import read
from shared.runtime.postgres import Postgres
from tests.support.books import Books
from tests.support.cli import ended
from tests.support.links import links_service

NUMBER = 10_000 if os.environ.get("PAYLINKS_FAULTS") == "full" else 500


class Ledgers:
    def __init__(self, books: Books, checkout_dsn: str, links_dsn: str) -> None:
        self.books = books
        self.checkout, self.links = books.checkout, books.links.pg
        self._dsns = ("--checkout", checkout_dsn, "--links", links_dsn)

    async def check(self, *more: str) -> tuple[int | None, list[str]]:
        """Exit code, and the lines that it printed."""
        code, output, errors = await ended("ledger", "check", "--patience", "0", *self._dsns, *more)
        assert errors == "", errors
        return code, output.splitlines()

    async def charge(self, place: int) -> UUID:
        """Of those that count and have no refund."""
        rows = await self.checkout.fetch(
            "SELECT id FROM charge WHERE status = 'succeeded' AND refunded_minor + refunding_minor = 0 ORDER BY id"
        )
        counted = {
            row["charge_id"] for row in await self.links.fetch("SELECT charge_id FROM use WHERE state = 'settled'")
        }
        return [row["id"] for row in rows if row["id"] in counted][place]

    async def tamper(self, statement: str, *values: Any) -> None:
        """Past the walls of the database, as only its superuser can."""
        async with self.checkout.transaction() as tx:
            await tx.execute("SET LOCAL session_replication_role = replica")
            await tx.execute(statement, *values)


@pytest.fixture(scope="module")
async def ledgers(databases: Any) -> AsyncGenerator[Ledgers]:
    checkout_dsn, links_dsn = await databases.clone("checkout"), await databases.clone("links")
    checkout = await Postgres.connect(checkout_dsn, name="tests", size_max=4)
    async with links_service(links_dsn) as links:
        books = Books(checkout, links, seed=20271115)
        await books.simulate(NUMBER)
        yield Ledgers(books, checkout_dsn, links_dsn)
    await checkout.close()
    await databases.drop(checkout_dsn)
    await databases.drop(links_dsn)


async def test_what_was_told_in_every_wrong_order_leaves_no_difference(ledgers: Ledgers) -> None:
    code, lines = await ledgers.check()
    assert (code, lines[-1]) == (0, "No differences."), lines
    report = await read.check(ledgers.checkout, ledgers.links)
    assert report.charges > NUMBER * 0.7
    came_back = "SELECT count(*) FROM ledger_entry WHERE kind = 'refund_failed' AND line = 1"
    assert report.refunds > NUMBER * 0.01
    assert await ledgers.checkout.fetchval(came_back) > 0
    assert report.currencies == ("UGX", "USD", "XOF")
    put_aside = await ledgers.links.fetchval("SELECT count(*) FROM unsettled")
    fees = await ledgers.checkout.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'fee' AND line = 1")
    assert put_aside > 0
    assert fees == report.charges


async def test_every_injected_fault_is_listed(ledgers: Ledgers) -> None:
    charges = [await ledgers.charge(place) for place in range(8)]
    link = await ledgers.links.fetchval("SELECT link_id FROM use WHERE charge_id = $1", charges[4])
    refund = await ledgers.links.fetchval("SELECT id FROM refund WHERE failed_at IS NULL LIMIT 1")
    for statement, subject in (
        ("DELETE FROM ledger_entry WHERE kind = 'charge' AND source_id = $1", charges[0]),
        (
            "UPDATE ledger_entry SET amount_minor = amount_minor * 2 WHERE kind = 'charge' AND source_id = $1",
            charges[1],
        ),
        (
            "UPDATE ledger_entry SET amount_minor = 1 WHERE kind = 'fee' AND line = 1 AND source_id = $1",
            charges[2],
        ),
        ("UPDATE charge SET refunded_minor = 1 WHERE id = $1", charges[3]),
        ("UPDATE charge SET status = 'failed' WHERE id = $1", charges[5]),
    ):
        await ledgers.tamper(statement, subject)
    await ledgers.links.execute("UPDATE link_uses SET used = used + 1 WHERE link_id = $1", link)
    await ledgers.links.execute("UPDATE link_revenue SET revenue_minor = revenue_minor - 1 WHERE link_id = $1", link)
    await ledgers.links.execute("DELETE FROM use WHERE charge_id = $1", charges[6])
    await ledgers.links.execute("DELETE FROM refund WHERE id = $1", refund)
    code, lines = await ledgers.check()
    assert code == 1
    listed = {tuple(line.split("  ")[:2]) for line in lines if "  " in line}
    broken = await ledgers.checkout.fetchval(
        "SELECT transaction_id FROM ledger_entry WHERE kind = 'fee' AND source_id = $1 LIMIT 1", charges[2]
    )
    assert listed >= {
        ("charge_not_posted", str(charges[0])),
        ("counted_without_money", str(charges[0])),
        ("charge_posted_wrongly", str(charges[1])),
        ("other_amount", str(charges[1])),
        ("transaction_not_zero", str(broken)),
        ("other_sum", str(charges[3])),
        ("charge_without_cause", str(charges[5])),
        ("not_counted", str(charges[6])),
        ("refund_not_told", str(refund)),
        ("other_uses", str(link)),
        ("other_revenue", str(link)),
    }
    assert {subject for code, subject in listed if code not in {"other_uses", "other_revenue", "sum_not_zero"}} == {
        str(one) for one in (*charges[:4], charges[5], charges[6], refund, broken) if one != charges[2]
    }


async def test_repair_posts_what_the_ledger_does_not_know_and_changes_nothing_else(ledgers: Ledgers) -> None:
    charge = await ledgers.charge(20)
    await ledgers.tamper("DELETE FROM ledger_entry WHERE kind = 'charge' AND source_id = $1", charge)
    _, lines = await ledgers.check()
    assert any(line.startswith(f"charge_not_posted  {charge}") for line in lines)
    before = await ledgers.checkout.fetchval("SELECT count(*) FROM ledger_entry")
    _, lines = await ledgers.check("--repair")
    assert not [line for line in lines if line.startswith("charge_not_posted")]
    posted = await ledgers.checkout.fetchval("SELECT count(*) FROM ledger_entry") - before
    assert lines[0] == f"Posted {posted // 2} charges that the ledger did not know."
    _, lines = await ledgers.check("--repair")
    assert lines[0] == "Posted 0 charges that the ledger did not know."
