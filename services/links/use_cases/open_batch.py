from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.links.domain.keys import Actor
from services.links.domain.link_batch import LinkBatch, Row, RowState, WantedRow
from services.links.store import batches
from shared.kernel.answer import Answer, Once
from shared.kernel.faults import NotFound
from shared.kernel.ids import new_id
from shared.runtime.limits import RateLimited
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Transaction

WAITING_MAX: Final = 20
"""Batches of one organization and mode that are not finished."""
RETRY_SECONDS: Final = 5


async def open_batch(
    pg: Postgres,
    actor: Actor,
    *,
    rows: Sequence[WantedRow],
    dry_run: bool,
    key: Once | None,
    render: Callable[[LinkBatch], Answer],
    now: datetime,
) -> Answer:
    """Keeps the rows, to be worked on in the background.

    Raises:
        RateLimited: too many are waiting already.
        IdempotencyMismatch.
    """
    batch = LinkBatch(
        id=new_id(),
        org_id=actor.org_id,
        livemode=actor.livemode,
        created_by=actor.by,
        dry_run=dry_run,
        total=len(rows),
        created_at=now,
    )

    async def act(tx: Transaction) -> Answer:
        if await batches.count_waiting(tx, org_id=actor.org_id, livemode=actor.livemode) >= WAITING_MAX:
            raise RateLimited("batches", RETRY_SECONDS)
        await batches.insert(tx, batch, rows)
        return render(batch)

    return await once(pg, key, act, now=now)


async def get_batch(pg: Postgres, actor: Actor, batch_id: UUID) -> LinkBatch:
    """Raises: NotFound."""
    batch = await batches.find(pg, batch_id, org_id=actor.org_id, livemode=actor.livemode)
    if batch is None:
        raise NotFound("batch")
    return batch


async def list_rows(
    pg: Postgres, actor: Actor, batch_id: UUID, *, beyond: int, limit: int, state: RowState | None
) -> Sequence[Row]:
    await get_batch(pg, actor, batch_id)
    return await batches.page(pg, batch_id, beyond=beyond, limit=limit, state=state)
