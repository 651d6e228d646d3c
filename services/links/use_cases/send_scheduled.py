"""Asks for the mails of a window of schedules to go out now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.links.domain.keys import Actor
from services.links.domain.link import Link, view_of
from services.links.domain.organization import Organization
from services.links.store import organizations, schedules
from services.links.store.schedules import Window
from shared.contracts.links import LinkSendRequested
from shared.kernel.faults import Invalid
from shared.runtime import outbox
from shared.runtime.postgres import Postgres

HOURS_MAX: Final = 366 * 24
LINKS_MAX: Final = 10_000
PAGE: Final = 200
_BELOW_ALL_IDS: Final = UUID(int=0)


async def send_scheduled(
    pg: Postgres, actor: Actor | None, *, starting: datetime, hours: int, now: datetime
) -> Sequence[Link]:
    """Every active link that is scheduled from `starting` to `starting` + `hours`, both included; a fact asks for each.

    Without an actor, of all organizations and both modes. Asking again is safe: a link's mail goes out once for each
    time that it is scheduled for.

    Raises:
        Invalid: `hours` is out of bounds, or there are more than `LINKS_MAX` links; nothing was asked for then.
    """
    if not 1 <= hours <= HOURS_MAX:
        raise Invalid("period", f"must be from 1 to {HOURS_MAX} hours")
    window = Window(
        begin=starting,
        end=_end(starting, hours),
        org_id=actor.org_id if actor else None,
        livemode=actor.livemode if actor else None,
    )
    if await schedules.count(pg, window, limit=LINKS_MAX + 1, now=now) > LINKS_MAX:
        raise Invalid("period", f"holds more than {LINKS_MAX} links: ask for a shorter one")
    known = {actor.org_id: actor.organization} if actor else {}
    asked: list[Link] = []
    after = (starting, _BELOW_ALL_IDS)
    while True:
        page = await schedules.page(pg, window, after=after, limit=PAGE, now=now)
        open_links = [link for link in page if link.refusal(now) is None]
        await _ask_for(pg, open_links, known=known, now=now)
        asked += open_links
        if len(page) < PAGE:
            return asked
        after = (page[-1].scheduled_at or starting, page[-1].id)


async def _ask_for(pg: Postgres, page: Sequence[Link], *, known: dict[UUID, Organization], now: datetime) -> None:
    """A transaction of its own: one that holds ten thousand facts would keep the relay waiting."""
    for org_id in {link.org_id for link in page} - set(known):
        if organization := await organizations.find(pg, org_id):
            known[org_id] = organization
    facts = [
        LinkSendRequested(org_id=link.org_id, link_id=link.id, link=view_of(link, known[link.org_id])) for link in page
    ]
    async with pg.transaction() as tx:
        await outbox.add(tx, facts, now=now)


def _end(starting: datetime, hours: int) -> datetime:
    try:
        return starting + timedelta(hours=hours)
    except OverflowError:
        raise Invalid("scheduled_at", "is too far away") from None
