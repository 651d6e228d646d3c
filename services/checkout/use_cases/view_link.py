"""Showing a link to a buyer. Looking never holds, counts or creates."""

import re
from datetime import datetime
from typing import Final

from services.checkout.domain.faults import LinkNotFound, LinkRefused
from services.checkout.domain.refusal import may_be_all_held, refusal
from services.checkout.peers.links import Links
from services.checkout.store import link_view
from services.checkout.store.link_view import Counters
from services.checkout.use_cases.rendered import Rendered
from shared.contracts.links import LinkView
from shared.kernel.faults import Unavailable
from shared.runtime.postgres import Postgres

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def require_payable(link: LinkView, now: datetime) -> None:
    """Raises: LinkRefused: with the reason, and since when."""
    if (refused := refusal(link, now)) is not None:
        raise LinkRefused(link, refused.reason, refused.since)


class ViewLink:
    """`recent` keeps links for a moment, so that a crowd before one link costs the database one look."""

    def __init__(self, postgres: Postgres, links: Links, recent: Rendered[LinkView]) -> None:
        self._postgres = postgres
        self._links = links
        self._recent = recent

    async def __call__(self, slug: str, now: datetime) -> LinkView:
        """The link, also one that takes no payments (`require_payable` tells); from our projection, else from links.

        Raises:
            LinkNotFound: links does not know it either.
            Unavailable: we do not know it, and links does not answer.
        """
        if (kept := self._recent.get(slug)) is not None:
            return kept
        if not _SLUG.fullmatch(slug):
            raise LinkNotFound
        if (known := await link_view.find_link(self._postgres, slug)) is not None:
            return self._recent.put(slug, known.id, known)
        link = await self._links.find(slug)
        if link is None:
            raise LinkNotFound
        async with self._postgres.transaction() as tx:
            await link_view.put_links(tx, [link], now)
            await link_view.put_uses(tx, [Counters(link.id, link.uses, link.exhausted_at)])
        return link

    async def fresh(self, slug: str, now: datetime) -> LinkView:
        """As above, but of a capped link the counters are links' own, if it answers: ours may be a moment old.

        A link that only seems used up or held up gets the same second look.
        """
        link = await self(slug, now)
        if link.uses_max is None and refusal(link, now) is None and not may_be_all_held(link):
            return link
        try:
            return await self._links.find(slug) or link
        except Unavailable:
            return link
