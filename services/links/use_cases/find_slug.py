import secrets
from typing import Final

from msgspec.structs import replace

from services.links.domain import slugs
from services.links.domain.slugs import Availability
from services.links.store import links
from shared.runtime.postgres import Postgres

SUGGESTIONS: Final = 3
_SEEDS: Final = 2**40


async def find_slug(pg: Postgres, slug: str) -> Availability:
    """Whether a link could be given this slug now; when not, up to three that could. Reserves nothing."""
    seeds = [secrets.randbelow(_SEEDS) for _ in range(SUGGESTIONS)]
    near = slugs.suggested(slug, seeds)
    taken = await links.taken(pg, [slug, *near])
    wrong = slugs.fault_of(slug) or (Availability(slug=slug, reason="taken") if slug in taken else None)
    if wrong is None:
        return Availability(slug=slug)
    free = [one for one in dict.fromkeys(near) if one not in taken and slugs.fault_of(one) is None]
    return replace(wrong, suggestions=tuple(free[:SUGGESTIONS]))
