"""Links by the time at which they are mailed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.link import Link
from services.links.store.links import link_of
from shared.runtime.postgres import Postgres
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """From `begin` to `end`, both included.

    `org_id` and `livemode` None let every organization and both modes through.
    """

    begin: datetime
    end: datetime
    org_id: UUID | None = None
    livemode: bool | None = None


async def page(
    pg: Postgres, window: Window, *, after: tuple[datetime, UUID], limit: int, now: datetime
) -> Sequence[Link]:
    """In the order of their times, then of their ids; `after` is the last one of the page before."""
    place = (window.begin, window.end, *after, now, window.org_id, window.livemode, limit)
    return [link_of(row) for row in await pg.fetch(_sql["list_scheduled"], *place)]


async def count(pg: Postgres, window: Window, *, limit: int, now: datetime) -> int:
    """How many there are, `limit` at most."""
    return await pg.fetchval(
        _sql["count_scheduled"], window.begin, window.end, now, window.org_id, window.livemode, limit
    )
