"""What was, is and will be told to merchants: the log of deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.notify.domain.webhook_attempt import DeliveryState
from services.notify.domain.webhook_delivery import Delivery, DeliveryDetail, PastAttempt
from services.notify.domain.webhook_message import Heading, Message
from services.notify.store.webhook_endpoints import Owner
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

CHUNK: Final = 1000
"""Rows that `forget` deletes at once; it stands in the SQL."""
ATTEMPTS_SHOWN: Final = 100
_sql: Final = statements(__file__)
_HEADERS: Final = msgspec.json.Decoder(dict[str, str])


class NewDelivery(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    endpoint_id: UUID
    message: Message

    @property
    def lane(self) -> UUID:
        return self.message.link_id or self.id


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    state: DeliveryState | None = None
    event: str | None = None
    link_id: UUID | None = None


async def wanted_by(tx: Transaction, headings: Sequence[Heading]) -> list[tuple[int, UUID]]:
    """The place of each heading with each endpoint that wants it, in their order."""
    rows: Sequence[Record] = await tx.fetch(
        _sql["wanted_by"],
        list(range(len(headings))),
        [one.org_id for one in headings],
        [one.livemode for one in headings],
        [one.type for one in headings],
        [one.at for one in headings],
    )
    return sorted((row["position"], row["endpoint_id"]) for row in rows)


async def add_deliveries(
    tx: Transaction, deliveries: Sequence[NewDelivery], *, now: datetime, due_at: datetime
) -> None:
    """The lanes come first: while they are locked, nobody who settles finds one empty."""
    lanes = [one.lane for one in deliveries]
    endpoints = [one.endpoint_id for one in deliveries]
    await tx.execute(_sql["open_lanes"], endpoints, lanes, due_at)
    await tx.execute(
        _sql["add_deliveries"],
        [one.id for one in deliveries],
        endpoints,
        [one.message.event_id for one in deliveries],
        [one.message.type for one in deliveries],
        [one.message.owner for one in deliveries],
        [one.message.link_id for one in deliveries],
        lanes,
        [one.message.sequence for one in deliveries],
        [one.message.payload for one in deliveries],
        now,
    )


async def list_deliveries(
    pg: Postgres, endpoint_id: UUID, *, filters: Filters, before: UUID | None, limit: int
) -> list[Delivery]:
    rows = await pg.fetch(
        _sql["list_deliveries"], endpoint_id, before, filters.state, filters.event, filters.link_id, limit
    )
    return [Delivery(**dict(row)) for row in rows]


async def lane_of(tx: Transaction, owner: Owner, delivery_id: UUID) -> tuple[UUID, UUID, UUID] | None:
    """The delivery with its endpoint and lane."""
    row = await tx.fetchrow(_sql["lane_of"], delivery_id, owner.org_id, owner.livemode)
    return (row["id"], row["endpoint_id"], row["lane"]) if row else None


async def read_delivery(tx: Transaction, delivery_id: UUID) -> Delivery:
    """One that is there."""
    row = await tx.fetchrow(_sql["read_delivery"], delivery_id)
    assert row is not None
    return Delivery(**dict(row))


async def find_delivery(pg: Postgres, owner: Owner, delivery_id: UUID) -> DeliveryDetail | None:
    row = await pg.fetchrow(_sql["find_delivery"], delivery_id, owner.org_id, owner.livemode)
    if row is None:
        return None
    values: dict[str, Any] = dict(row)
    url, payload = values.pop("url"), values.pop("payload")
    attempts = await pg.fetch(_sql["list_attempts"], delivery_id, ATTEMPTS_SHOWN)
    return DeliveryDetail(
        delivery=Delivery(**values),
        url=url,
        payload=payload,
        attempts=tuple(_attempt(one) for one in reversed(attempts)),
    )


async def redeliver(tx: Transaction, found: Sequence[tuple[UUID, UUID, UUID]], *, now: datetime) -> None:
    """`found` are deliveries with their endpoint and lane. One that waits is not made to wait longer."""
    await tx.execute(_sql["open_lanes"], [one[1] for one in found], [one[2] for one in found], now)
    await tx.execute(_sql["reopen"], [one[0] for one in found], now)
    if len(found) == 1:
        await tx.execute(_sql["hasten"], found[0][0], now)


async def to_redeliver(
    tx: Transaction,
    endpoint_id: UUID,
    *,
    begin: datetime,
    end: datetime,
    only_failed: bool,
    after: UUID | None,
    limit: int,
) -> list[tuple[UUID, UUID, UUID]]:
    rows: Sequence[Record] = await tx.fetch(_sql["to_redeliver"], endpoint_id, begin, end, only_failed, after, limit)
    return [(row["id"], row["endpoint_id"], row["lane"]) for row in rows]


async def forget_deliveries(pg: Postgres, before: datetime) -> bool:
    """Whether there may be more."""
    return await pg.execute(_sql["forget_deliveries"], before) == f"DELETE {CHUNK}"


def _attempt(row: Record) -> PastAttempt:
    values: dict[str, Any] = dict(row)
    values["request_headers"] = _HEADERS.decode(values["request_headers"])
    return PastAttempt(**values)
