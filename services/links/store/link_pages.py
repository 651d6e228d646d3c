"""Lists of links, newest first. Each kind has a statement and an index of its own, so that none reads what it hides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, get_args
from uuid import UUID

from services.links.domain.link import Link, State
from services.links.store.links import link_of
from services.links.store.page import ABOVE_ALL_IDS
from shared.contracts.links import EndedAs
from shared.runtime.postgres import Postgres
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_ENDED: Final = frozenset(get_args(EndedAs))
_OF_STATE: Final = {
    "paused": _sql["list_paused_links"],
    "expired": _sql["list_expired_links"],
    "scheduled": _sql["list_scheduled_links"],
    "exhausted": _sql["list_exhausted_links"],
}


async def page(
    pg: Postgres,
    *,
    org_id: UUID,
    livemode: bool,
    before: UUID | None,
    limit: int,
    currency: str | None,
    state: State | None,
    now: datetime,
) -> Sequence[Link]:
    """Newest first; a filter that is None lets everything through."""
    place = (org_id, livemode, before or ABOVE_ALL_IDS, limit)
    if state in _ENDED:
        rows = await pg.fetch(_sql["list_ended_links"], *place, currency, state)
    elif state in _OF_STATE:
        rows = await pg.fetch(_OF_STATE[state], *place, currency, now)
    elif currency is not None or state is not None:
        rows = await pg.fetch(_sql["list_links_where"], *place, currency, state, now)
    else:
        rows = await pg.fetch(_sql["list_links"], *place)
    return [link_of(row) for row in rows]
