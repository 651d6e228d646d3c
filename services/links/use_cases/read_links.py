from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.links.domain.charge import Charge, ChargeStatus
from services.links.domain.keys import Actor
from services.links.domain.link import Link, State, view_of
from services.links.domain.pricing import currency_of
from services.links.domain.revenue import Stats
from services.links.store import charges, link_pages, links, organizations, uses
from shared.contracts.links import FindLink, FindLinkReply, LinkFound, LinkMissing
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres


async def get_link(pg: Postgres, actor: Actor, link_id: UUID) -> Link:
    """Raises: NotFound."""
    link = await links.find(pg, link_id, org_id=actor.org_id, livemode=actor.livemode)
    if link is None:
        raise NotFound("payment_link")
    return link


async def find_link(pg: Postgres, link_id: UUID) -> Link:
    """Whosever it is, for surfaces that anybody may ask about a link whose id they have.

    Raises:
        NotFound.
    """
    link = await links.find_by_id(pg, link_id)
    if link is None:
        raise NotFound("payment_link")
    return link


async def pages_url_of(pg: Postgres, link: Link, *, public_url: str) -> str:
    """The origin of the link's page: its merchant's own, where there is one."""
    organization = await organizations.find(pg, link.org_id)
    return (organization and organization.checkout_url) or public_url


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
    return await link_pages.page(
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
    pg: Postgres,
    actor: Actor,
    link_id: UUID,
    *,
    before: UUID | None,
    limit: int,
    status: ChargeStatus | None = None,
) -> Sequence[Charge]:
    await get_link(pg, actor, link_id)
    return await charges.page(pg, link_id, before=before, limit=limit, status=status)


async def link_stats(pg: Postgres, actor: Actor, link_id: UUID) -> tuple[Link, Stats]:
    found = await links.find_with_stats(pg, link_id, org_id=actor.org_id, livemode=actor.livemode)
    if found is None:
        raise NotFound("payment_link")
    return found


async def find_for_checkout(pg: Postgres, ask: FindLink) -> FindLinkReply:
    """For checkout, whose projection may not have it yet, and cannot know when a held use comes free.

    By a slug that it has given up, too: what was printed goes on leading to it.
    """
    link = await (links.find_by_id(pg, ask.link_id) if ask.link_id else links.find_by_address(pg, ask.slug))
    organization = await organizations.find(pg, link.org_id) if link else None
    if link is None or organization is None:
        return LinkMissing()
    held_until = None
    if link.uses.remaining == 0 and link.uses.held:
        held_until = (await uses.earliest_held(pg, [link.id])).get(link.id)
    return LinkFound(view_of(link, organization), held_until)
