"""The inbox of callbacks: everything that providers sent, as it came, with what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import IngestVerdict
from shared.contracts.checkout import CallbackRefused
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class NewCallback(Struct, frozen=True, kw_only=True):
    """`headers` is JSON of those that matter; `body` the raw bytes."""

    id: UUID
    org_id: UUID
    account_id: UUID
    provider: str
    event_id: str | None
    headers: str
    body: bytes
    verdict: IngestVerdict
    received_at: datetime


class WaitingCallback(Struct, frozen=True, kw_only=True):
    """Verified and stored, not applied yet. `external_id` names the account it came for."""

    id: UUID
    org_id: UUID
    account_id: UUID
    provider: str
    body: bytes
    external_id: str


async def insert_callback(postgres: Postgres, new: NewCallback, *, refused: CallbackRefused | None) -> None:
    values = (
        new.id,
        new.org_id,
        new.account_id,
        new.provider,
        new.event_id,
        new.headers,
        new.body,
        new.verdict,
        new.received_at,
    )
    if refused is None:
        await postgres.execute(_sql["insert_callback"], *values)
    else:
        await postgres.execute(_sql["insert_refused_callback"], *values, *outbox.one(refused))


async def take_callbacks(tx: Transaction, now: datetime, *, limit: int) -> list[WaitingCallback]:
    rows: Sequence[Record] = await tx.fetch(_sql["take_callbacks"], now, limit)
    return [WaitingCallback(**dict(row)) for row in rows]


async def set_aside(postgres: Postgres, now: datetime, *, until: datetime) -> UUID | None:
    """Puts off the oldest waiting callback, which cannot be applied, so that it holds up nobody."""
    return await postgres.fetchval(_sql["set_aside"], now, until)
