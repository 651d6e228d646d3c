from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from services.links.domain.history import Entry, entries
from services.links.domain.keys import Actor
from services.links.domain.link import Link
from services.links.store import revisions
from services.links.use_cases.read_links import get_link
from shared.kernel.faults import Invalid
from shared.runtime.postgres import Postgres

Order = Literal["newest", "oldest"]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """`link` is as it was at the moment that was asked about; `entries` are what made it so.

    `beyond` is the revision after which there is more; None when that is all.
    """

    link: Link
    entries: Sequence[Entry]
    beyond: int | None


async def read_history(
    pg: Postgres,
    actor: Actor,
    link_id: UUID,
    *,
    as_of: datetime | None,
    order: Order,
    beyond: int | None,
    limit: int,
    now: datetime,
) -> History:
    """Who changed what, `limit` entries at most, beyond the revision that was seen last.

    Raises:
        NotFound: no such link of this actor's.
        Invalid: `as_of` is before the link was made, or to come.
    """
    present = await get_link(pg, actor, link_id)
    link = present if as_of is None else await _link_at(pg, present, as_of, now=now)
    if order == "newest":
        top = link.revision if beyond is None else min(link.revision, beyond - 1)
        wanted = range(top, max(0, top - limit), -1)
        more = bool(wanted) and wanted[-1] > 1
    else:
        start = 1 if beyond is None else beyond + 1
        wanted = range(start, min(link.revision, start + limit - 1) + 1)
        more = bool(wanted) and wanted[-1] < link.revision
    if not wanted:
        return History(link=link, entries=(), beyond=None)
    low, high = min(wanted), max(wanted)
    replaced = await revisions.between(pg, link_id, low - 1, high + 1, limit=limit + 2)
    found = entries(present, replaced, wanted)
    return History(link=link, entries=found, beyond=wanted[-1] if more else None)


async def _link_at(pg: Postgres, present: Link, moment: datetime, *, now: datetime) -> Link:
    if moment < present.created_at:
        raise Invalid("as_of", "is before the link was made")
    if moment > now:
        raise Invalid("as_of", "must not be in the future")
    replaced = await revisions.first_after(pg, present.id, moment)
    link = replaced.link if replaced else present
    uses = await revisions.uses_at(pg, link.id, moment, uses_max=link.uses.max)
    return msgspec.structs.replace(link, uses=uses)
