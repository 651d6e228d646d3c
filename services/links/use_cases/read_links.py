from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.links.domain.charge import Charge
from services.links.domain.keys import Actor
from services.links.domain.link import Link, State, view_of
from services.links.domain.pricing import currency_of
from services.links.domain.revenue import Stats
from services.links.store import charges, links, organizations
from shared.contracts.links import FindLinkReply, LinkFound, LinkMissing
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres


async def get_link(pg: Postgres, actor: Actor, link_id: UUID) -> Link:
    link = await links.find(pg, link_id, org_id=actor.org_id, livemode=actor.livemode)
    if link is None:
        raise NotFound("payment_link")
    return link


async def list_links(
    pg: Postgres,
    actor: Actor,
    *,
    before: UUID | None,
    limit: int,
    slug: str | None,
    currency: str | None,
    state: State | None,
    now: datetime,
) -> Sequence[Link]:
    """Newest first, `limit` at most, older than `before`. A slug is one link's: it is looked up, not searched for."""
    if slug is not None:
        link = await links.find_by_slug(pg, slug)
        known = link is not None and (link.org_id, link.livemode) == (actor.org_id, actor.livemode)
        if link is None or not known or (before is not None and link.id >= before):
            return []
        fits = currency in {None, currency_of(link.pricing)} and state in {None, link.state(now)}
        return [link] if fits else []
    return await links.page(
        pg,
        org_id=actor.org_id,
        livemode=actor.livemode,
        before=before,
        limit=limit,
        currency=currency,
        state=state,
        now=now,
    )


async def list_charges(
    pg: Postgres, actor: Actor, link_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[Charge]:
    await get_link(pg, actor, link_id)
    return await charges.page(pg, link_id, before=before, limit=limit)


async def link_stats(pg: Postgres, actor: Actor, link_id: UUID) -> tuple[Link, Stats]:
    found = await links.find_with_stats(pg, link_id, org_id=actor.org_id, livemode=actor.livemode)
    if found is None:
        raise NotFound("payment_link")
    return found


async def find_by_slug(pg: Postgres, slug: str) -> FindLinkReply:
    """For checkout, whose projection may not have it yet."""
    link = await links.find_by_slug(pg, slug)
    organization = await organizations.find(pg, link.org_id) if link else None
    if link is None or organization is None:
        return LinkMissing()
    return LinkFound(view_of(link, organization))
