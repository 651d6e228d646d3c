"""The log of what was told to merchants, and telling it again."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.webhook_delivery import Delivery, DeliveryDetail
from services.notify.domain.webhook_endpoint import EndpointDisabled
from services.notify.store import webhook_deliveries as deliveries
from services.notify.store.webhook_deliveries import Filters
from services.notify.store.webhook_endpoints import Owner
from services.notify.use_cases.webhook_endpoints import get_endpoint
from shared.kernel.faults import Invalid, NotFound
from shared.runtime.postgres import Postgres, Transaction

__all__ = ["Filters"]
REDELIVERED_MAX: Final = 1000
KIND: Final = "webhook_delivery"


class Redelivered(msgspec.Struct, frozen=True):
    """`next_after`: there is more than is done at once, and this was the last one; None: all of it is done."""

    count: int
    next_after: UUID | None


async def list_deliveries(
    pg: Postgres, owner: Owner, endpoint_id: UUID, *, filters: Filters, before: UUID | None, limit: int
) -> list[Delivery]:
    """Newest first. Raises: NotFound."""
    await get_endpoint(pg, owner, endpoint_id)
    return await deliveries.list_deliveries(pg, endpoint_id, filters=filters, before=before, limit=limit)


async def get_delivery(pg: Postgres, owner: Owner, delivery_id: UUID) -> DeliveryDetail:
    """Raises: NotFound."""
    found = await deliveries.find_delivery(pg, owner, delivery_id)
    if found is None:
        raise NotFound(KIND)
    return found


async def redeliver_one(tx: Transaction, owner: Owner, delivery_id: UUID, *, now: datetime) -> Delivery:
    """Sends it again, under the same `webhook-id`; one that waits for its next attempt gets it now.

    Raises:
        NotFound, EndpointDisabled.
    """
    found = await deliveries.lane_of(tx, owner, delivery_id)
    if found is None:
        raise NotFound(KIND)
    await _require_enabled(tx, owner, found[1])
    await deliveries.redeliver(tx, [found], now=now)
    return await deliveries.read_delivery(tx, delivery_id)


async def redeliver_range(
    tx: Transaction,
    owner: Owner,
    endpoint_id: UUID,
    *,
    begin: datetime,
    end: datetime,
    only_failed: bool,
    after: UUID | None,
    now: datetime,
) -> Redelivered:
    """Sends again what was taken in between, in its old order, `REDELIVERED_MAX` at most.

    Raises:
        Invalid: a range that ends before it begins.
        NotFound, EndpointDisabled.
    """
    if end <= begin:
        raise Invalid("to", "must be after 'from'")
    await _require_enabled(tx, owner, endpoint_id)
    found = await deliveries.to_redeliver(
        tx, endpoint_id, begin=begin, end=end, only_failed=only_failed, after=after, limit=REDELIVERED_MAX
    )
    if found:
        await deliveries.redeliver(tx, found, now=now)
    return Redelivered(len(found), found[-1][0] if len(found) == REDELIVERED_MAX else None)


async def _require_enabled(tx: Transaction, owner: Owner, endpoint_id: UUID) -> None:
    endpoint = await get_endpoint(tx, owner, endpoint_id)
    if endpoint.disabled_at is not None:
        raise EndpointDisabled
