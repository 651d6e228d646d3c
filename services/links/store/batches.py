from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.links.domain.link_batch import LinkBatch, Row, RowFault, RowState, WaitingRow, WantedRow
from shared.runtime.postgres import Postgres, Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def insert(tx: Transaction, batch: LinkBatch, rows: Sequence[WantedRow]) -> None:
    """Rows are numbered from 1, in the order given."""
    faults = [row.body if isinstance(row.body, RowFault) else None for row in rows]
    await tx.execute(
        _sql["insert_batch"],
        batch.id,
        batch.org_id,
        batch.livemode,
        batch.created_by,
        batch.dry_run,
        batch.created_at,
        [row.body if isinstance(row.body, bytes) else None for row in rows],
        [fault.code if fault else None for fault in faults],
        [fault.field if fault else None for fault in faults],
        [fault.rule if fault else None for fault in faults],
    )


async def count_waiting(tx: Transaction, *, org_id: UUID, livemode: bool) -> int:
    return int(await tx.fetchval(_sql["count_waiting"], org_id, livemode))


async def find(pg: Postgres, batch_id: UUID, *, org_id: UUID, livemode: bool) -> LinkBatch | None:
    row = await pg.fetchrow(_sql["find_batch"], batch_id, org_id, livemode)
    return _batch_of(row) if row else None


async def page(
    pg: Postgres, batch_id: UUID, *, beyond: int, limit: int, state: RowState | None = None
) -> Sequence[Row]:
    """In order, after the number `beyond`."""
    return [_row_of(row) for row in await pg.fetch(_sql["list_rows"], batch_id, beyond, limit, state)]


async def take(pg: Postgres, *, now: datetime, until: datetime) -> LinkBatch | None:
    """A batch with work left, which nobody else is given before `until`."""
    row = await pg.fetchrow(_sql["take_batch"], now, until)
    return _batch_of(row) if row else None


async def pending(pg: Postgres, batch_id: UUID, *, limit: int) -> Sequence[WaitingRow]:
    rows = await pg.fetch(_sql["pending_rows"], batch_id, limit)
    return [WaitingRow(row["number"], row["body"]) for row in rows]


async def finish_row(pg: Reader, batch_id: UUID, row: Row) -> bool:
    """Whether it was still waiting."""
    fault = row.fault or RowFault("")
    done = (row.state, row.link_id, row.slug, fault.code or None, fault.field, fault.rule)
    return await pg.fetchval(_sql["finish_row"], batch_id, row.number, *done) is not None


async def promised(pg: Postgres, batch_id: UUID, slug: str) -> bool:
    """Whether an earlier row of a dry run would have this slug."""
    return bool(await pg.fetchval(_sql["promised"], batch_id, slug))


async def put_down(pg: Postgres, batch_id: UUID, *, now: datetime) -> None:
    """Gives it back; it is finished when nothing is left."""
    await pg.execute(_sql["put_down"], batch_id, now)


def _batch_of(row: Record) -> LinkBatch:
    return LinkBatch(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        created_by=row["created_by"],
        dry_run=row["dry_run"],
        total=row["total"],
        created=row["created"],
        valid=row["valid"],
        failed=row["failed"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def _row_of(row: Record) -> Row:
    return Row(
        number=row["number"],
        state=row["state"],
        link_id=row["link_id"],
        slug=row["slug"],
        fault=RowFault(row["code"], row["field"], row["rule"]) if row["code"] else None,
    )
