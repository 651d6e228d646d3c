from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.browsing import Browsed, ChargeCounts, LinkFilter
from services.links.domain.revenue import Earned
from services.links.store.links import link_of
from shared.runtime.postgres import Postgres
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_EARNED: Final = msgspec.json.Decoder(tuple[Earned, ...])


async def browse(
    pg: Postgres, *, org_id: UUID, livemode: bool, wanted: LinkFilter, limit: int, offset: int, now: datetime
) -> Browsed:
    rows = await pg.fetch(
        _sql["browse_links"],
        org_id,
        livemode,
        list(wanted.kinds) if wanted.kinds is not None else None,
        wanted.currency,
        wanted.active,
        wanted.include_expired,
        wanted.recipient_email,
        list(wanted.hidden),
        limit,
        offset,
        now,
        wanted.product_id,
    )
    items = [(link_of(row), _EARNED.decode(row["earned"])) for row in rows if row["id"] is not None]
    return Browsed(rows[0]["total"], items)


async def count_charges(pg: Postgres, link_id: UUID) -> ChargeCounts:
    row = await pg.fetchrow(_sql["count_charges"], link_id)
    assert row is not None
    return ChargeCounts(total=row["total"], succeeded=row["succeeded"], pending=row["pending"], failed=row["failed"])
