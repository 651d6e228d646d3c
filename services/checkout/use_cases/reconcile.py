"""Once a day each account's charges are compared with what its provider says of them; what differs is listed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from services.checkout.domain.reconciliation import LISTED_MAX, Difference, Reconciliation, bounds_of, difference
from services.checkout.providers.port import Absent, Accepted, Account, Payment, Provider, StatusResult, Unreachable
from services.checkout.providers.registry import Providers
from services.checkout.store import reconciliation as store
from services.checkout.store.reconciliation import Compared
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import Word
from services.checkout.use_cases.manage_accounts import Owner
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

BATCH: Final = 200
AT_ONCE_MAX: Final = 8
TRIES_MAX: Final = 2
LEASE: Final = timedelta(minutes=10)
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
        self._over: set[date] = set()

    async def lately(self) -> int:
        """Makes the reports that are not there yet, of yesterday and of the days before that nobody was here for.

        Returns 0: none is left then.
        """
        today = self._clock().date()
        days = [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
        self._over.intersection_update(days)
        for day in days:
            # A day that is over gets no more charges: once nothing of it is open, it is looked at no more.
            if day not in self._over and not await self._ids(day, org_id=None, only_open=True):
                self._over.add(day)
            elif day not in self._over:
                await self(day, only_open=True)
        return 0

    async def __call__(
        self, day: date, *, org_id: UUID | None = None, only_open: bool = False
    ) -> Sequence[Reconciliation]:
        """The reports of that day (UTC), made now; not those that another process is making."""
        ids = await self._ids(day, org_id=org_id, only_open=only_open)
        made: list[Reconciliation] = []
        for account_id in ids:
            account = await self._accounts.by_id(account_id)
            provider = self._providers.find(account.provider) if account else None
            if account is None or provider is None:
                _log.error("reconciliation.no_account", account=str(account_id))
            elif report := await self._account(account, provider, day=day, only_open=only_open):
                made.append(report)
        return made

    async def _ids(self, day: date, *, org_id: UUID | None, only_open: bool) -> Sequence[UUID]:
        return await store.accounts_of_day(self._postgres, bounds_of(day), day, org_id=org_id, only_open=only_open)

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
        self, account: Account, provider: Provider, *, day: date, only_open: bool
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
        claimed = await store.claim(self._postgres, report, lease_until=now + LEASE, only_open=only_open)
        if claimed is None:
            return None
        report = await self._compared(replace(report, id=claimed), account, provider)
        await store.finish(self._postgres, report)
        _log.info("reconciliation.made", account=str(account.id), day=str(day), differing=report.differing)
        return report

    async def _compared(self, report: Reconciliation, account: Account, provider: Provider) -> Reconciliation:
        after, below = bounds_of(report.day)
        found: list[Difference] = []
        compared = unanswered = differing = 0
        while batch := await store.charges_of_day(self._postgres, account.id, after=after, below=below, limit=BATCH):
            answers = await asyncio.gather(*(self._status(account, provider, one) for one in batch))
            for one, answer in zip(batch, answers, strict=True):
                compared += 1
                if isinstance(answer, Unreachable):
                    unanswered += 1
                elif differs := difference(one.ours, answer.state if isinstance(answer, Accepted) else None):
                    differing += 1
                    found += [differs] if len(found) < LISTED_MAX else []
            await self._learn(account, batch, answers)
            after = batch[-1].ours.id
            await store.extend_lease(self._postgres, report.id, self._clock() + LEASE)
        return replace(
            report,
            compared=compared,
            unanswered=unanswered,
            differing=differing,
            differences=tuple(found),
            made_at=self._clock(),
        )

    async def _learn(self, account: Account, batch: Sequence[Compared], answers: Sequence[StatusResult]) -> None:
        """Only about what is captured on both sides: the report moves no charge."""
        words = [
            Word(one.ours.reference, account.external_id, account.id, answer.state)
            for one, answer in zip(batch, answers, strict=True)
            if one.ours.status == "succeeded" and isinstance(answer, Accepted) and answer.state.status == "succeeded"
        ]
        told = [word for word in words if word.state and (word.state.fee is not None or word.state.refunds)]
        if told:
            await self._learned(told)

    async def _status(self, account: Account, provider: Provider, one: Compared) -> StatusResult:
        payment = Payment(
            reference=one.ours.reference,
            provider_id=one.provider_id,
            method=one.method,
            total=one.ours.total,
            created_at=one.created_at,
        )
        answer: Accepted | Absent | Unreachable = Unreachable()
        async with self._slots:
            for _ in range(TRIES_MAX):
                answer = await provider.status(account, payment)
                if not isinstance(answer, Unreachable):
                    break
        return answer
