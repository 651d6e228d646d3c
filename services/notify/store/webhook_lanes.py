"""Who sends what next: lanes under lease."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.webhook_attempt import Attempt, Verdict
from services.notify.domain.webhook_delivery import Head
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

CLOSED_AT_ONCE: Final = 200
_sql: Final = statements(__file__)
_encoder: Final = msgspec.json.Encoder()

Held = tuple[UUID, UUID, UUID]
"""A lane (endpoint, lane) with the token of its lease."""


async def claim(
    pg: Postgres,
    token: UUID,
    *,
    now: datetime,
    leased_until: datetime,
    limit: int,
    per_endpoint: int,
    per_organization: int,
) -> list[Head]:
    """What is to be sent, the first of each lane."""
    rows = await pg.fetch(_sql["claim"], now, limit, token, leased_until, per_endpoint, per_organization)
    if not rows:
        return []
    lanes = [(row["endpoint_id"], row["lane"]) for row in rows]
    found = await pg.fetch(_sql["heads"], [one for one, _ in lanes], [lane for _, lane in lanes])
    heads = [Head(**dict(row)) for row in found]
    for lane in set(lanes) - {(head.endpoint_id, head.lane) for head in heads}:
        await _drop_if_empty(pg, (*lane, token))
    return heads


async def renew(pg: Postgres, held: Sequence[Held], leased_until: datetime) -> None:
    await pg.execute(_sql["renew"], *_columns(held), leased_until)


async def release(pg: Postgres, held: Sequence[Held], now: datetime) -> None:
    """Gives back what was not sent."""
    await pg.execute(_sql["release"], *_columns(held), now)


async def hold(tx: Transaction, head: Head, token: UUID) -> bool:
    """Whether the lane is still ours; it stays so until the transaction ends."""
    return bool(await tx.fetchval(_sql["hold"], head.endpoint_id, head.lane, token))


async def settle(tx: Transaction, head: Head, *, attempt: Attempt, verdict: Verdict, now: datetime) -> None:
    await tx.execute(
        _sql["settle"],
        head.delivery_id,
        head.endpoint_id,
        head.lane,
        verdict.state,
        verdict.due_at,
        attempt.status,
        attempt.reason,
        now,
        head.number,
        attempt.at,
        attempt.duration_ms,
        _encoder.encode(attempt.headers).decode(),
        attempt.error,
        attempt.body,
    )


async def close_lanes(tx: Transaction, now: datetime) -> int:
    """Fails what waits for endpoints that are off; how many lanes that were."""
    rows: Sequence[Record] = await tx.fetch(_sql["lock_closed"], now, CLOSED_AT_ONCE)
    if rows:
        await tx.execute(_sql["close"], [row["endpoint_id"] for row in rows], [row["lane"] for row in rows], now)
    return len(rows)


async def _drop_if_empty(pg: Postgres, held: Held) -> None:
    """Locked first and looked into afterwards: what comes in meanwhile is seen."""
    async with pg.transaction() as tx:
        if await tx.fetchval(_sql["hold"], *held):
            await tx.execute(_sql["drop_empty"], held[0], held[1])


def _columns(held: Sequence[Held]) -> tuple[list[UUID], ...]:
    return tuple([one[place] for one in held] for place in range(3))
