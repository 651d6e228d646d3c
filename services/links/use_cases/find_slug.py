import secrets
from typing import Final

from msgspec.structs import replace

from services.links.domain import slugs
from services.links.domain.keys import Actor
from services.links.domain.slugs import Availability
from services.links.store import links
from services.links.store.links import SlugWish
from shared.runtime.postgres import Postgres

SUGGESTIONS: Final = 3
_SEEDS: Final = 2**40


async def find_slug(pg: Postgres, actor: Actor, slug: str) -> Availability:
    """Whether a link of the actor could be given this slug now; when not, up to three that could. Reserves nothing."""
    seeds = [secrets.randbelow(_SEEDS) for _ in range(SUGGESTIONS)]
    near = slugs.suggested(slug, seeds)
    wishes = [SlugWish(one, actor.org_id, actor.livemode) for one in (slug, *near)]
    taken = {wish.slug for wish in await links.taken(pg, wishes)}
    wrong = slugs.fault_of(slug) or (Availability(slug=slug, reason="taken") if slug in taken else None)
    if wrong is None:
        return Availability(slug=slug)
    free = [one for one in dict.fromkeys(near) if one not in taken and slugs.fault_of(one) is None]
    return replace(wrong, suggestions=tuple(free[:SUGGESTIONS]))
