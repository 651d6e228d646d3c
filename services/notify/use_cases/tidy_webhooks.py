"""What is over: events that wait for an endpoint that is off, and logs that are old."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from services.notify.store import webhook_deliveries as deliveries
from services.notify.store import webhook_endpoints as endpoints
from services.notify.store import webhook_lanes as lanes
from shared.runtime.postgres import Postgres

KEPT: Final = timedelta(days=30)
PAUSE_SECONDS: Final = 0.05


async def close_webhooks(pg: Postgres, now: datetime) -> None:
    """Fails what waits for endpoints that were switched off or deleted. It can be sent again by hand."""
    while True:
        async with pg.transaction() as tx:
            if await lanes.close_lanes(tx, now) < lanes.CLOSED_AT_ONCE:
                return


async def forget_webhooks(pg: Postgres, now: datetime) -> None:
    """Deliveries with their attempts after 30 days, deleted endpoints with their last delivery, old secrets."""
    while await deliveries.forget_deliveries(pg, now - KEPT):  # noqa: ASYNC110 - leaves room for others, waits for nothing
        await asyncio.sleep(PAUSE_SECONDS)
    await endpoints.forget_old(pg, now=now, deleted_before=now - KEPT)
