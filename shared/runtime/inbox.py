"""The inbox: what a consumer has taken in, and what it could not."""

import json
from collections.abc import Sequence
from typing import cast
from uuid import UUID

import msgspec

from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql = statements(__file__)


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be applied, whole."""

    consumer: str
    event_id: UUID
    subject: str
    headers: dict[str, str]
    body: bytes
    error: str
    deliveries: int


async def take_in(tx: Transaction, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Writes the ids into the inbox and returns those that were not there yet."""
    rows = cast("Sequence[Record]", await tx.fetch(_sql["take_in"], consumer, event_ids))
    return {row["event_id"] for row in rows}


async def bury(postgres: Postgres, letter: Letter) -> None:
    await postgres.execute(
        _sql["bury"],
        letter.consumer,
        letter.event_id,
        letter.subject,
        json.dumps(letter.headers),
        letter.body,
        letter.error,
        letter.deliveries,
    )


async def list_dead(postgres: Postgres, *, replayed: bool, limit: int) -> Sequence[Record]:
    return await postgres.fetch(_sql["list_dead"], replayed, limit)


async def show_dead(postgres: Postgres, event_id: UUID) -> Sequence[Record]:
    return await postgres.fetch(_sql["show_dead"], event_id)


async def mark_replayed(postgres: Postgres, consumer: str, event_id: UUID) -> None:
    await postgres.execute(_sql["mark_replayed"], consumer, event_id)
