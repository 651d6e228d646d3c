"""Once a day each account's charges and refunds are compared with its provider's books; what differs is listed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from services.checkout.domain.reconciliation import Reconciliation, moments_of
from services.checkout.providers.port import Account, Provider
from services.checkout.providers.registry import Providers
from services.checkout.store import reconciliation as store
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import Word
from services.checkout.use_cases.compare_day import MARGIN, CompareDay
from services.checkout.use_cases.manage_accounts import Owner
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

AT_ONCE_MAX: Final = 8
LEASE: Final = timedelta(minutes=10)
A_WEEK: Final = timedelta(days=7)
DAYS_BACK: Final = 7
"""So many days without us are made up for; the operator's command line goes back further."""

_log = logger("reconciliation")


class Reconcile:
    """`learned` takes what a provider said of charges that were captured: it may know a fee or a refund more."""

    def __init__(
        self,
        postgres: Postgres,
        providers: Providers,
        accounts: Accounts,
        *,
        learned: Callable[[Sequence[Word]], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._learned = learned
        self._postgres = postgres
        self._providers = providers
        self._accounts = accounts
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)
        self._over: dict[date, datetime] = {}

    async def lately(self) -> int:
        """Makes the reports of yesterday that were not made since it ended, and of days that nobody was here for.

        And each once more a week later: captures may come late, and refunds take days. Returns 0: none is left then.
        """
        yesterday = (self._clock() - MARGIN).date() - timedelta(days=1)
        days = [yesterday - timedelta(days=back) for back in range(2 * DAYS_BACK - 1, -1, -1)]
        self._over = {day: since for day, since in self._over.items() if day in days}
        for day in days:
            # A day that has ended gets no more charges: once it has all its reports, it is looked at no more.
            since = moments_of(day)[1] + (A_WEEK if yesterday - day >= A_WEEK else timedelta())
            if self._over.get(day) == since:
                continue
            if await self._ids(day, org_id=None, unless_made_since=since):
                await self(day, unless_made_since=since)
            else:
                self._over[day] = since
        return 0

    async def __call__(
        self, day: date, *, org_id: UUID | None = None, unless_made_since: datetime | None = None
    ) -> Sequence[Reconciliation]:
        """The reports of that day (UTC), made now; not those that another process is making."""
        made: list[Reconciliation] = []
        for account_id in await self._ids(day, org_id=org_id, unless_made_since=unless_made_since):
            account = await self._accounts.if_opened(account_id)
            provider = self._providers.find(account.provider) if account else None
            if account is None or provider is None:
                _log.error("reconciliation.no_account", account=str(account_id))
            elif report := await self._account(account, provider, day=day, unless_made_since=unless_made_since):
                made.append(report)
        return made

    async def _ids(self, day: date, *, org_id: UUID | None, unless_made_since: datetime | None) -> Sequence[UUID]:
        return await store.accounts_of_day(
            self._postgres,
            day,
            org_id=org_id,
            unless_made_since=unless_made_since,
            listers=self._providers.listers(),
        )

    async def list(
        self, owner: Owner, *, before: UUID | None, day: date | None, account_id: UUID | None, limit: int
    ) -> Sequence[Reconciliation]:
        """Newest first; one more than `limit` where there is more."""
        return await store.list_reconciliations(
            self._postgres,
            owner.org_id,
            livemode=owner.livemode,
            before=before,
            day=day,
            account_id=account_id,
            limit=limit + 1,
        )

    async def _account(
        self, account: Account, provider: Provider, *, day: date, unless_made_since: datetime | None
    ) -> Reconciliation | None:
        now = self._clock()
        report = Reconciliation(
            id=new_id(),
            account_id=account.id,
            org_id=account.org_id,
            livemode=account.livemode,
            provider=account.provider,
            day=day,
            compared=0,
            unanswered=0,
            differing=0,
            differences=(),
            made_at=now,
        )
        claimed = await store.claim(
            self._postgres, report, lease_until=now + LEASE, unless_made_since=unless_made_since
        )
        if claimed is None:
            return None
        report = replace(report, id=claimed)

        async def alive() -> None:
            await store.extend_lease(self._postgres, claimed, self._clock() + LEASE)

        compare = CompareDay(
            self._postgres, provider, account, learned=self._learned, clock=self._clock, slots=self._slots
        )
        report = await compare(report, alive)
        await store.finish(self._postgres, report)
        _log.info("reconciliation.made", account=str(account.id), day=str(day), differing=report.differing)
        return report
