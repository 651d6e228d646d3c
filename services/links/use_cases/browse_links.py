from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.links.domain.browsing import Browsed, ChargeCounts, LinkFilter
from services.links.domain.charge import Charge
from services.links.domain.keys import Actor
from services.links.store import browsing, charges
from shared.runtime.postgres import Postgres


async def browse_links(
    pg: Postgres, actor: Actor, *, wanted: LinkFilter, page: int, size: int, now: datetime
) -> Browsed:
    """Page `page` (from 1) of the links that match, newest first."""
    return await browsing.browse(
        pg,
        org_id=actor.org_id,
        livemode=actor.livemode,
        wanted=wanted,
        limit=size,
        offset=(page - 1) * size,
        now=now,
    )


async def count_charges(pg: Postgres, link_id: UUID) -> ChargeCounts:
    """Of a link that the caller has looked up as his own."""
    return await browsing.count_charges(pg, link_id)


async def browse_charges(pg: Postgres, link_id: UUID, *, page: int, size: int) -> Sequence[Charge]:
    """Page `page` (from 1) of the charges, newest first, of a link that the caller has looked up as his own."""
    return await charges.browse(pg, link_id, limit=size, offset=(page - 1) * size)
