from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.history import Replaced
from services.links.domain.link import Uses
from services.links.store.links import link_of
from shared.contracts.links import UsesView
from shared.runtime.postgres import Postgres, Record
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_USES: Final = msgspec.json.Decoder(UsesView)


async def between(pg: Postgres, link_id: UUID, first: int, end: int, *, limit: int) -> Mapping[int, Replaced]:
    """What was replaced of revisions `first` to `end` (not in it), by revision."""
    rows = await pg.fetch(_sql["list_replaced"], link_id, first, end, limit)
    return {row["replaced_revision"]: _replaced_of(row) for row in rows}


async def first_after(pg: Postgres, link_id: UUID, moment: datetime) -> Replaced | None:
    """What the first change after `moment` replaced; None when nothing has changed since."""
    row = await pg.fetchrow(_sql["find_replaced_after"], link_id, moment)
    return _replaced_of(row) if row else None


async def uses_at(pg: Postgres, link_id: UUID, moment: datetime, *, uses_max: int | None) -> Uses:
    row = await pg.fetchrow(_sql["find_counters_at"], link_id, moment)
    if row is None:
        return Uses(uses_max)
    seen = _USES.decode(row["uses"])
    reached = uses_max is not None and seen.used >= uses_max
    return Uses(uses_max, seen.used, seen.held, seen.version, row["at"] if reached else None)


def _replaced_of(row: Record) -> Replaced:
    counted = {**row, "used": 0, "held": 0, "uses_version": 0, "exhausted_at": None}
    return Replaced(link=link_of(counted), change=row["change"], by=row["changed_by"], at=row["changed_at"])
