"""One account's day, ours against theirs: each charge and refund of ours, and all that its provider lists."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from services.checkout.domain.charge import PaymentState
from services.checkout.domain.reconciliation import (
    LISTED_MAX,
    NOTHING_THERE,
    About,
    Difference,
    Ours,
    Reconciliation,
    Theirs,
    bounds_of,
    differences,
    earlier,
    first_id,
    moments_of,
    stray,
    theirs_of,
)
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    Lister,
    Page,
    Payment,
    Provider,
    RefundOrder,
    RefundStatusResult,
    StatusResult,
    Unreachable,
)
from services.checkout.store import reconciliation as store
from services.checkout.store import statement
from services.checkout.store.reconciliation import Compared
from services.checkout.use_cases.apply_signals import Word
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

BATCH: Final = 200
TRIES_MAX: Final = 2
PAGES_MAX: Final = 20_000
"""Against a list that never ends: two million entries, of a hundred a page."""
MARGIN: Final = timedelta(hours=1)
"""Around the day: clocks differ, and what we begin before midnight a provider may have after it."""
KEPT_AFTER_DEATH: Final = timedelta(days=2)
MOVING: Final = frozenset({"status", "fee"})
ABOUTS: Final[tuple[About, About]] = ("charge", "refund")

_log = logger("reconciliation")


class CompareDay:
    """For one report. `slots` bounds the questions at once."""

    def __init__(
        self,
        postgres: Postgres,
        provider: Provider,
        account: Account,
        *,
        learned: Callable[[Sequence[Word]], Awaitable[None]],
        clock: Clock,
        slots: asyncio.Semaphore,
    ) -> None:
        self._learned = learned
        self._told: list[Word] = []
        self._postgres = postgres
        self._provider = provider
        self._account = account
        self._clock = clock
        self._slots = slots
        self._run = new_id()
        self._unanswered = 0
        self._differing = 0
        self._found: list[Difference] = []

    async def __call__(self, report: Reconciliation, alive: Callable[[], Awaitable[None]]) -> Reconciliation:
        """The report, filled. `alive` is called again and again: somebody is still at it."""
        try:
            listed = await self._take_in(report, alive)
            charges = await self._all("charge", report, has_list=listed is not None, alive=alive)
            refunds = await self._all("refund", report, has_list=listed is not None, alive=alive)
            if listed is not None:
                for about in ABOUTS:
                    await self._strays(about, report)
        finally:
            await statement.forget_run(self._postgres, self._run, and_before=earlier(self._run, KEPT_AFTER_DEATH))
        return replace(
            report,
            compared=charges,
            refunds_compared=refunds,
            listed=listed,
            unanswered=self._unanswered,
            differing=self._differing,
            differences=tuple(self._found),
            made_at=self._clock(),
        )

    async def _take_in(self, report: Reconciliation, alive: Callable[[], Awaitable[None]]) -> int | None:
        """How much the provider lists; None: it has no list, or did not give it."""
        if not isinstance(self._provider, Lister):
            return None
        since, until = _around(report)
        number = 0
        for about in ABOUTS:
            after: str | None = None
            for _ in range(PAGES_MAX):
                page = await self._page(self._provider, about, report=report, after=after)
                if page is None or (page.after is not None and page.after == after):
                    return self._no_list()
                number += await statement.add_entries(
                    self._postgres, self._run, about, page.entries, account_id=self._account.id
                )
                await alive()
                after = page.after
                if after is None:
                    break
            else:
                return self._no_list()
        bounds = first_id(since), first_id(until)
        await statement.match_the_rest(self._postgres, self._run, self._account.id, bounds=bounds)
        return number

    def _no_list(self) -> None:
        """Then each of ours is asked about, as with providers that have none; what is only theirs stays unseen."""
        _log.error("reconciliation.no_list", account=str(self._account.id))
        self._unanswered += 1

    async def _page(self, lister: Lister, about: About, *, report: Reconciliation, after: str | None) -> Page | None:
        since, until = _around(report)
        for _ in range(TRIES_MAX):
            page = await lister.listed(self._account, about, since=since, until=until, after=after)
            if isinstance(page, Page):
                return page
        return None

    async def _all(
        self, about: About, report: Reconciliation, *, has_list: bool, alive: Callable[[], Awaitable[None]]
    ) -> int:
        after, below = bounds_of(report.day)
        read = store.charges_of_day if about == "charge" else store.refunds_of_day
        compared = 0
        while batch := await read(self._postgres, self._account.id, after=after, below=below, limit=BATCH):
            await self._compare(about, batch, has_list=has_list)
            compared += len(batch)
            after = batch[-1].ours.id
            await alive()
        return compared

    async def _compare(self, about: About, batch: Sequence[Compared], *, has_list: bool) -> None:
        ours = [one.ours for one in batch]
        listed: Mapping[UUID, Theirs] = {}
        if has_list:
            listed = await statement.entries_of(self._postgres, self._run, about, ours)
        # What came to nothing, and does not stand on a list of all, needs no question: of a crowd of refused cards.
        asked = [one for one in batch if one.ours.id in listed or not has_list or one.ours.status not in NOTHING_THERE]
        answers = await asyncio.gather(*(self._differences(one, listed.get(one.ours.id)) for one in asked))
        for answer in answers:
            if answer is None:
                self._unanswered += 1
            else:
                self._add(answer)
        told, self._told = self._told, []
        if told:
            await self._learned(told)

    async def _differences(self, one: Compared, listed: Theirs | None) -> Sequence[Difference] | None:
        """None: the provider did not answer."""
        if listed is not None:
            found = differences(one.ours, listed)
            # The list was read a while ago: what may have moved on since is asked about once more.
            if not any(each.kind in MOVING for each in found):
                return found
        match await self._asked(one):
            case Unreachable():
                return None
            case Absent():
                return differences(one.ours, listed)
            case Accepted(state):
                return differences(self._learning(one.ours, state), theirs_of(state))
            case refund:
                return differences(one.ours, theirs_of(refund))

    def _learning(self, ours: Ours, state: PaymentState) -> Ours:
        """Of what is captured on both sides: the report moves no charge. A fee that was never posted is from now on."""
        if ours.status != "succeeded" or state.status != "succeeded" or (state.fee is None and not state.refunds):
            return ours
        self._told.append(Word(ours.reference, self._account.external_id, self._account.id, state))
        return replace(ours, fee=state.fee) if ours.fee is None else ours

    async def _asked(self, one: Compared) -> StatusResult | RefundStatusResult:
        payment = Payment(
            reference=one.charge_reference,
            provider_id=one.charge_provider_id,
            method=one.method,
            total=one.charge_total,
            created_at=one.created_at,
        )
        answer: StatusResult | RefundStatusResult = Unreachable()
        async with self._slots:
            for _ in range(TRIES_MAX):
                if one.ours.about == "charge":
                    answer = await self._provider.status(self._account, payment)
                else:
                    order = RefundOrder(reference=one.ours.reference, payment=payment, amount=one.ours.total)
                    answer = await self._provider.refund_status(self._account, order, one.ours.provider_id)
                if not isinstance(answer, Unreachable):
                    break
        return answer

    async def _strays(self, about: About, report: Reconciliation) -> None:
        room = LISTED_MAX - len(self._found)
        strays = await statement.strays(self._postgres, self._run, about, of_day=moments_of(report.day), limit=room)
        self._differing += strays.number
        self._found += [stray(about, one.theirs, one.twin_of) for one in strays.first]

    def _add(self, found: Sequence[Difference]) -> None:
        self._differing += len(found)
        self._found += found[: LISTED_MAX - len(self._found)]


def _around(report: Reconciliation) -> tuple[datetime, datetime]:
    begins, ends = moments_of(report.day)
    return begins - MARGIN, ends + MARGIN
