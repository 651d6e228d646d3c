"""Thousands of charges against the books of a simulated provider: every fault is listed once, and nothing else is."""

import os
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.checkout.domain.reconciliation import LISTED_MAX, Reconciliation, earlier
from services.checkout.providers.port import Page, Unreachable
from services.checkout.providers.registry import Providers
from services.checkout.providers.sandbox.adapter import Sandbox
from services.checkout.providers.stripe.adapter import Stripe
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import Word
from services.checkout.use_cases.reconcile import Reconcile
from services.checkout.use_cases.vault import Vault
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.postgres import Postgres
from tests.faults.book_faults import Faults, Listed
from tests.support.both_books import BEGINS, DAY, ENDS, BothBooks, OurBooks
from tests.support.provider_books import SANDBOX_KEY, STRIPE_KEY, fill_sandbox, fill_stripe
from tests.support.simulators import CONTROL_KEY, Simulator

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
NUMBER = 10_000 if FULL else 400
TIMES = 12 if FULL else 2
MEMORY_BYTES_MAX = 12 * 1024 * 1024
SECONDS_MAX = 180
NEXT_DAY = DAY + timedelta(days=1)
PROVIDERS = ("sandbox", "stripe")

pytestmark = [pytest.mark.timeout(900 if FULL else 120)]


class Room:
    """A provider's simulator in a process of its own and a database of checkout, both filled by `open`."""

    def __init__(self, provider: str, folder: Path, dsn: str) -> None:
        self.provider, self.folder, self.dsn = provider, folder, dsn
        self.account_id, self.org_id = new_id(), new_id()
        self.books = BothBooks(
            NUMBER, prefix="cs_test_" if provider == "stripe" else "pay_", fees=provider == "stripe", seed=20270305
        )
        self.learned: set[str] = set()
        self._vault = Vault([b"a root secret of the tests, long"])

    async def open(self) -> None:
        """Both books are written as they are now."""
        fill = fill_stripe if self.provider == "stripe" else fill_sandbox
        fill(self.folder / "data", "acct_books", self.books)
        self.simulator = Simulator(self.provider, self.folder, secret_key=STRIPE_KEY, platform_key=CONTROL_KEY)
        await self.simulator.start()
        self.pg = await Postgres.connect(self.dsn, name="tests", size_max=4)
        credentials = {"secret_key": STRIPE_KEY, "api_key": SANDBOX_KEY, "webhook_secret": "whsec_of_the_books"}
        await self.pg.execute(
            "INSERT INTO provider_account (id, org_id, provider, livemode, external_id, credentials, key_id,"
            " created_at, credentials_at, updated_at, used_at)"
            " VALUES ($1, $2, $3, false, 'acct_books', $4, $5, $6, $6, $6, $6)",
            self.account_id,
            self.org_id,
            self.provider,
            self._vault.seal(credentials),
            self._vault.key_id,
            BEGINS - timedelta(days=9),
        )
        ours = OurBooks(self.dsn, account_id=self.account_id, org_id=self.org_id, provider=self.provider)
        await ours.write(self.books)

    async def close(self) -> None:
        await self.pg.close()
        await self.simulator.stop()

    @asynccontextmanager
    async def reconciling(self, clock: Clock, *, lists: Any = None) -> AsyncGenerator[Reconcile]:
        sandbox = Sandbox(self.simulator.url, CONTROL_KEY, timeout_seconds=10)
        stripe = Stripe(self.simulator.url, timeout_seconds=10)
        speaks: Any = sandbox if self.provider == "sandbox" else stripe
        speaks.listed = lists or speaks.listed
        providers = Providers(sandbox, [stripe])
        accounts = Accounts(self.pg, providers, vault=self._vault, clock=clock)
        try:
            yield Reconcile(self.pg, providers, accounts, learned=self._learn, clock=clock)
        finally:
            await providers.close()

    async def _learn(self, words: Sequence[Word]) -> None:
        self.learned |= {word.reference for word in words}

    async def report(self, day: date, *, lists: Any = None) -> Reconciliation:
        async with self.reconciling(_the_day_after, lists=lists) as reconcile:
            (report,) = await reconcile(day, org_id=self.org_id)
        assert await self.pg.fetchval("SELECT count(*) FROM statement_entry") == 0
        return report


async def no_answer(*_: object, **__: object) -> Unreachable:
    return Unreachable()


async def in_circles(*_: object, **__: object) -> Page:
    return Page([], "again")


def _the_day_after() -> datetime:
    return ENDS + timedelta(days=1, hours=3)


def listed(*reports: Reconciliation) -> Counter[Listed]:
    return Counter(
        (one.about, one.kind, one.reference, one.ours, one.theirs) for each in reports for one in each.differences
    )


@pytest.fixture(params=PROVIDERS)
async def room(request: Any, tmp_path: Path, databases: Any) -> AsyncGenerator[Room]:
    dsn = await databases.clone("checkout")
    made = Room(request.param, tmp_path, dsn)
    yield made
    await made.close()
    await databases.drop(dsn)


async def test_two_books_that_agree_have_no_difference_however_their_days_begin(room: Room) -> None:
    moment = timedelta(milliseconds=1)
    for ours_at, theirs_at in (
        (ENDS - moment, ENDS + timedelta(seconds=2)),
        (BEGINS, BEGINS - timedelta(seconds=2)),
        (ENDS - timedelta(minutes=1), ENDS + timedelta(minutes=50)),
    ):
        paid = room.books.pay(at=ours_at, theirs_at=theirs_at, status="succeeded")
        room.books.give_back(paid, at=ENDS - moment, status="succeeded")
    await room.open()
    began = time.monotonic()
    report = await room.report(DAY)
    seconds = time.monotonic() - began
    assert report.differences == ()
    assert (report.compared, report.differing, report.unanswered) == (len(room.books.ours), 0, 0)
    assert report.refunds_compared == len(room.books.refunds_ours)
    assert report.listed == len(room.books.theirs) + len(room.books.refunds_theirs)
    assert [(await room.report(day)).differences for day in (NEXT_DAY, DAY - timedelta(days=1))] == [(), ()]
    print(f"\n{room.provider}: {report.compared} charges, {report.refunds_compared} refunds: {seconds:.1f} s")
    assert seconds < SECONDS_MAX


async def test_each_fault_is_listed_once_and_in_the_report_of_its_day(room: Room) -> None:
    faults = Faults(room.books, times=TIMES, duplicates=room.provider == "stripe")
    await room.open()
    tracemalloc.start()
    report = await room.report(DAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    next_report = await room.report(NEXT_DAY)
    assert listed(report, next_report) == faults.expected
    assert room.learned >= faults.learned
    assert report.differing == len(report.differences) < LISTED_MAX
    assert report.unanswered == 0
    for one in report.differences:
        assert (one.charge_id or one.refund_id) in {UUID(one.reference), None}
        assert one.provider_id is not None
    print(f"\n{room.provider}: {report.differing} faults listed; {peak / 2**20:.1f} MiB at most")
    assert peak < MEMORY_BYTES_MAX
    assert listed(await room.report(DAY)) == listed(report)


@pytest.mark.skipif(FULL, reason="thousands of questions say no more than some hundred")
@pytest.mark.parametrize("lists", [no_answer, in_circles])
async def test_a_provider_that_does_not_give_its_list_is_asked_about_each_of_ours(room: Room, lists: Any) -> None:
    faults = Faults(room.books, times=TIMES, duplicates=room.provider == "stripe")
    await room.open()
    report = await room.report(DAY, lists=lists)
    assert (report.listed, report.unanswered) == (None, 1)
    only_theirs = {"unknown", "duplicate"}
    expected = Counter({one: times for one, times in faults.expected.items() if one[1] not in only_theirs})
    if room.provider == "sandbox":
        # It is asked by our reference: one that was altered is not found.
        for one in [one for one in expected if one[1] == "reference"]:
            del expected[one]
            expected["charge", "missing", one[2], "succeeded", "no such payment"] += 1
    assert listed(report) == expected


@pytest.mark.skipif(FULL, reason="it is about days, not about how much is in them")
@pytest.mark.parametrize("room", ["sandbox"], indirect=True)
async def test_a_report_made_before_its_day_was_over_is_made_again_then_and_a_week_later(room: Room) -> None:
    await room.open()
    hour = timedelta(hours=1)
    moment = BEGINS + 12 * hour

    async def made() -> list[tuple[date, datetime]]:
        rows = await room.pg.fetch("SELECT day, made_at FROM reconciliation ORDER BY day")
        return [(row["day"], row["made_at"]) for row in rows]

    async with room.reconciling(lambda: moment) as reconcile:
        await reconcile(DAY)
        missed = [DAY - timedelta(days=back) for back in range(9, 0, -1)]  # since the account is in use
        assert await made() == [(DAY, moment)]
        moment = ENDS + hour / 2
        await reconcile.lately()
        assert await made() == [*((day, moment) for day in missed), (DAY, BEGINS + 12 * hour)]
        moment = first = ENDS + hour
        await reconcile.lately()
        moment += 5 * hour
        await reconcile.lately()
        assert dict(await made())[DAY] == first
        moment = first + timedelta(days=7)
        await reconcile.lately()
        assert dict(await made())[DAY] == moment


@pytest.mark.skipif(FULL, reason="it is about what is left behind, not about how much")
@pytest.mark.parametrize("room", ["sandbox"], indirect=True)
async def test_what_a_run_left_that_died_is_taken_away_days_later_and_never_what_another_is_at(room: Room) -> None:
    await room.open()
    dead, alive = earlier(new_id(), timedelta(days=3)), new_id()
    for run in (dead, alive):
        await room.pg.execute(
            "INSERT INTO statement_entry (run, about, provider_id, status, amount_minor, currency, created_at)"
            " VALUES ($1, 'charge', 'pay_x', 'succeeded', 1, 'UGX', now())",
            run,
        )
    async with room.reconciling(_the_day_after) as reconcile:
        (report,) = await reconcile(DAY)
    assert report.differences == ()
    assert [row["run"] for row in await room.pg.fetch("SELECT run FROM statement_entry")] == [alive]
