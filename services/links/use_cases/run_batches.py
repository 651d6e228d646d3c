from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec import UNSET

from services.links.domain.drafts import LinkDraft
from services.links.domain.faults import SlugTaken
from services.links.domain.keys import Actor
from services.links.domain.link import Link
from services.links.domain.link_batch import FIELDS, LinkBatch, Row, RowFault, WaitingRow
from services.links.store import batches, organizations
from services.links.use_cases.create_link import SLUG_TRIES, drawn, place, preview_link, with_other_slug
from shared.kernel.faults import Fault, Invalid, Unavailable
from shared.kernel.moment import Clock
from shared.runtime.crash import crash_point
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

ROWS_AT_ONCE: Final = 50
TAKEN_FOR: Final = timedelta(seconds=15)
"""How long a batch stays with a process that was killed. Rows are safe without it: it only saves double work."""

ReadRow = Callable[[bytes], LinkDraft]
_log = logger("batches")


class Batches:
    """Makes links of waiting rows. `read` is the dialect's; a row and its link commit together."""

    def __init__(self, pg: Postgres, clock: Clock, *, read: ReadRow, wake: Callable[[], None], test_mode: bool) -> None:
        self._pg = pg
        self._clock = clock
        self._read = read
        self._wake = wake
        self._test_mode = test_mode

    async def work(self) -> None:
        """Works until no batch is waiting."""
        while await self.bite():
            pass

    async def bite(self) -> bool:
        """Some rows of one batch; False when none is waiting."""
        now = self._clock()
        batch = await batches.take(self._pg, now=now, until=now + TAKEN_FOR)
        if batch is None:
            return False
        organization = await organizations.find(self._pg, batch.org_id)
        assert organization is not None
        actor = Actor(organization=organization, livemode=batch.livemode, by=batch.created_by, scopes=("links:write",))
        for row in await batches.pending(self._pg, batch.id, limit=ROWS_AT_ONCE):
            await self._row(actor, batch, row, now=self._clock())
        await batches.put_down(self._pg, batch.id, now=self._clock())
        self._wake()
        return True

    async def _row(self, actor: Actor, batch: LinkBatch, row: WaitingRow, *, now: datetime) -> None:
        try:
            draft = self._read(row.body)
            if batch.dry_run:
                await self._try(actor, batch, row, draft=draft, now=now)
            else:
                await self._make(actor, batch, row, draft=draft, now=now)
        except Unavailable:
            raise
        except Fault as fault:
            await self._failed(batch, row, fault_of(fault))
        except Exception as error:  # noqa: BLE001 - a row that breaks us must not hold up those behind it
            _log.error("batch.row_broken", batch=str(batch.id), row=row.number, exc_info=error)
            await self._failed(batch, row, RowFault("internal"))

    async def _make(self, actor: Actor, batch: LinkBatch, row: WaitingRow, *, draft: LinkDraft, now: datetime) -> None:
        link = await drawn(self._pg, actor, draft, now=now, test_mode=self._test_mode)
        for _ in range(SLUG_TRIES):
            try:
                await self._place(actor, batch, row, link=link)
            except SlugTaken:
                if draft.slug is not UNSET:
                    raise
                link = with_other_slug(link)
            else:
                return
        raise SlugTaken(link.slug)

    async def _place(self, actor: Actor, batch: LinkBatch, row: WaitingRow, *, link: Link) -> None:
        done = Row(number=row.number, state="created", link_id=link.id, slug=link.slug)
        async with self._pg.transaction() as tx:
            if await batches.finish_row(tx, batch.id, done):
                await place(tx, actor, link)
            crash_point("batch.before-commit")
        crash_point("batch.committed")

    async def _try(self, actor: Actor, batch: LinkBatch, row: WaitingRow, *, draft: LinkDraft, now: datetime) -> None:
        link = await preview_link(self._pg, actor, draft=draft, now=now, test_mode=self._test_mode)
        while await batches.promised(self._pg, batch.id, link.slug):
            if draft.slug is not UNSET:
                raise SlugTaken(link.slug)
            link = with_other_slug(link)
        await batches.finish_row(self._pg, batch.id, Row(number=row.number, state="valid", slug=link.slug))

    async def _failed(self, batch: LinkBatch, row: WaitingRow, fault: RowFault) -> None:
        await batches.finish_row(self._pg, batch.id, Row(number=row.number, state="failed", fault=fault))


def fault_of(fault: Fault) -> RowFault:
    if isinstance(fault, Invalid):
        return RowFault(fault.code, str(fault.values["field"]), str(fault.values["rule"]))
    return RowFault(fault.code, FIELDS.get(fault.code))
