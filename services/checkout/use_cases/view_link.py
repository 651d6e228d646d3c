"""Showing a link to a buyer. Looking never holds, counts or creates."""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.faults import EveryUseHeld, LinkNotFound, LinkRefused
from services.checkout.domain.refusal import may_be_all_held, refusal
from services.checkout.peers.links import Links
from services.checkout.store import link_view
from services.checkout.use_cases.rendered import Rendered
from shared.contracts.links import LinkFound, LinkView
from shared.kernel.faults import Unavailable
from shared.runtime.postgres import Postgres

RETRY_GUESS: Final = timedelta(seconds=30)
"""When links does not say when a use comes free."""
RETRY_SOONEST: Final = timedelta(seconds=1)
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class Fresh(Struct, frozen=True):
    """`held_until`: when the first use comes free again, where every use that is left is held and links has told."""

    link: LinkView
    held_until: datetime | None = None


def require_payable(link: LinkView, now: datetime) -> None:
    """Raises: LinkRefused: with the reason, and since when."""
    if (refused := refusal(link, now)) is not None:
        raise LinkRefused(link, refused.reason, refused.since)


def require_free(fresh: Fresh, now: datetime) -> None:
    """Raises: LinkRefused, or EveryUseHeld with the time at which a use comes free."""
    require_payable(fresh.link, now)
    if may_be_all_held(fresh.link):
        free_at = fresh.held_until or now + RETRY_GUESS
        raise EveryUseHeld(fresh.link, max(free_at, now + RETRY_SOONEST), now=now)


class ViewLink:
    """`recent` keeps links for a moment, so that a crowd before one link costs the database one look."""

    def __init__(self, postgres: Postgres, links: Links, recent: Rendered[LinkView]) -> None:
        self._postgres = postgres
        self._links = links
        self._recent = recent

    async def __call__(self, where: str | UUID, now: datetime) -> LinkView:
        """The link of this slug or id, also one that takes no payments (`require_payable` tells).

        From our projection, else from links, which also knows it by a slug that it had before (`is_former`).

        Raises:
            LinkNotFound: links does not know it either.
            Unavailable: we do not know it, and links does not answer.
        """
        key = key_of(where)
        if (kept := self._recent.get(key)) is not None:
            return kept
        if isinstance(where, UUID):
            known = await link_view.find_link_by_id(self._postgres, where)
        elif _SLUG.fullmatch(where):
            known = await link_view.find_link(self._postgres, where)
        else:
            raise LinkNotFound
        if known is not None:
            return self._recent.put(key, known.id, known)
        found = await (self._links.find_by_id(where) if isinstance(where, UUID) else self._links.find(where))
        if found is None:
            raise LinkNotFound
        link = found.link
        async with self._postgres.transaction() as tx:
            await link_view.put_links(tx, [link], now)
        # What is printed may be opened by a crowd, and our projection will never know it by its former slug.
        return self._recent.put(key, link.id, link) if is_former(where, link) else link

    async def fresh(self, where: str | UUID, now: datetime) -> Fresh:
        """As above, but of a capped link the counters are links' own, if it answers: ours may be a moment old.

        A link that only seems used up or held up gets the same second look.
        """
        link = await self(where, now)
        if link.uses_max is None and refusal(link, now) is None:
            return Fresh(link)
        return await self._asked(link)

    async def shown(self, link: LinkView, now: datetime) -> Fresh:
        """For a page: links is asked only for what the page has to say exactly and we do not know."""
        return await self._asked(link) if may_be_all_held(link) else Fresh(await self.dated(link, now))

    async def dated(self, link: LinkView, now: datetime) -> LinkView:
        """The link with the time at which its last use was paid for, where it is used up."""
        refused = refusal(link, now)
        if refused is None or refused.reason != "exhausted" or refused.since is not None:
            return link
        return self._recent.put(link.slug, link.id, (await self._asked(link)).link)

    async def _asked(self, link: LinkView) -> Fresh:
        try:
            found: LinkFound | None = await self._links.find_by_id(link.id, slug=link.slug)
        except Unavailable:
            found = None
        return Fresh(found.link, found.held_until) if found else Fresh(link)


def is_former(where: str | UUID, link: LinkView) -> bool:
    """Whether this is an address that the link had before."""
    return isinstance(where, str) and where != link.slug


def key_of(where: str | UUID) -> str:
    """Under which answers about the link are kept. No slug has a colon."""
    return f"id:{where}" if isinstance(where, UUID) else where
