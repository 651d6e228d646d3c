from datetime import datetime
from functools import partial
from typing import Final

from services.links.domain import uses as decisions
from services.links.domain.batch import Ask
from services.links.store import uses
from services.links.use_cases.change_uses import change_uses
from shared.runtime.postgres import Postgres

BATCH: Final = 200


async def lapse_holds(pg: Postgres, *, now: datetime) -> int:
    """Gives back the uses of buyers whose time is over, `BATCH` at most; returns how many."""
    over = await uses.lapsing(pg, now, BATCH)
    if not over:
        return 0
    asks = [
        Ask(
            org_id=org_id,
            link_id=link_id,
            session_id=session_id,
            charge_id=charge_id,
            decide=partial(decisions.lapse, org_id=org_id, now=now),
        )
        for org_id, link_id, session_id, charge_id in over
    ]
    async with pg.transaction() as tx:
        outcome = await change_uses(tx, asks, now=now, skip_locked=True)
    return len(outcome.uses)
