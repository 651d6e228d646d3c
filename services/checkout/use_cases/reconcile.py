"""Once a day each account's charges and refunds are compared with its provider's books; what differs is listed."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from services.checkout.domain.reconciliation import Reconciliation, moments_of
from services.checkout.providers.port import Account, Provider
from services.checkout.providers.registry import Providers
from services.checkout.store import reconciliation as store
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.compare_day import MARGIN, CompareDay
from services.checkout.use_cases.manage_accounts import Owner
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

AT_ONCE_MAX: Final = 8
LEASE: Final = timedelta(minutes=10)
A_WEEK: Final = timedelta(days=7)

_log = logger("reconciliation")


class Reconcile:
    def __init__(self, postgres: Postgres, providers: Providers, accounts: Accounts, *, clock: Clock) -> None:
        self._postgres = postgres
        self._providers = providers
        self._accounts = accounts
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)

    async def yesterday(self) -> int:
        """Makes the reports of yesterday that were not made after it; returns 0, since none is left then.

        And once more a week later: captures may come late, and refunds take days.
        """
        yesterday = (self._clock() - MARGIN).date() - timedelta(days=1)
        for day, later in ((yesterday, timedelta()), (yesterday - A_WEEK, A_WEEK)):
            await self(day, unless_made_since=moments_of(day)[1] + later)
        return 0

    async def __call__(
        self, day: date, *, org_id: UUID | None = None, unless_made_since: datetime | None = None
    ) -> Sequence[Reconciliation]:
        """The reports of that day (UTC), made now; not those that another process is making."""
        listers = self._providers.listers()
        ids = await store.accounts_of_day(
            self._postgres, day, org_id=org_id, unless_made_since=unless_made_since, listers=listers
        )
        made: list[Reconciliation] = []
        for account_id in ids:
            account = await self._accounts.by_id(account_id)
            provider = self._providers.find(account.provider) if account else None
            if account is None or provider is None:
                _log.error("reconciliation.no_account", account=str(account_id))
            elif report := await self._account(account, provider, day):
                made.append(report)
        return made

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

    async def _account(self, account: Account, provider: Provider, day: date) -> Reconciliation | None:
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
        claimed = await store.claim(self._postgres, report, lease_until=now + LEASE)
        if claimed is None:
            return None
        report = replace(report, id=claimed)

        async def alive() -> None:
            await store.extend_lease(self._postgres, claimed, self._clock() + LEASE)

        compare = CompareDay(self._postgres, provider, account, clock=self._clock, slots=self._slots)
        report = await compare(report, alive)
        await store.finish(self._postgres, report)
        _log.info("reconciliation.made", account=str(account.id), day=str(day), differing=report.differing)
        return report
