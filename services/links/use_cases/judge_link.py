from datetime import datetime
from uuid import UUID

from services.links.domain.eligibility import Archived, Failing, Surroundings, failing, plan_of, products_of
from services.links.domain.keys import Actor
from services.links.domain.link import Link
from services.links.store import plans, products, provider_accounts, uses
from services.links.use_cases.read_links import get_link
from shared.contracts.checkout import METHODS_TAKEN
from shared.runtime.postgres import Postgres


async def judge_link(pg: Postgres, actor: Actor, link_id: UUID, *, now: datetime) -> tuple[Link, tuple[Failing, ...]]:
    """The link, and all that stands in a buyer's way now.

    Raises:
        NotFound.
    """
    link = await get_link(pg, actor, link_id)
    all_held = link.uses.remaining == 0 and link.uses.exhausted_at is None
    around = Surroundings(
        methods_taken=METHODS_TAKEN[link.livemode],
        accounts=await provider_accounts.accounts_of(pg, link.org_id, livemode=link.livemode),
        retry_at=(await uses.earliest_held(pg, [link_id])).get(link_id) if all_held else None,
        archived=await _archived(pg, link),
    )
    return link, failing(link, around, now)


async def _archived(pg: Postgres, link: Link) -> list[Archived]:
    found: list[Archived] = []
    if wanted := products_of(link.pricing):
        there = await products.find_many(pg, wanted, org_id=link.org_id, livemode=link.livemode)
        found += [Archived("product_archived", one.id, one.updated_at) for one in there.values() if not one.active]
    if (plan_id := plan_of(link.pricing)) is not None:
        plan = await plans.find(pg, plan_id, org_id=link.org_id, livemode=link.livemode)
        if plan is not None and not plan.active:
            found.append(Archived("plan_archived", plan.id, plan.updated_at))
    return found
