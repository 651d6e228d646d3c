"""The inbox of callbacks: everything that providers sent, as it came, with what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.callbacks import CallbackSeen, Filters, WholeCallback
from services.checkout.domain.charge import IngestVerdict
from shared.contracts.checkout import CallbackRefused
from shared.contracts.links import Method
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

ASK_AGAIN_SECONDS: Final = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""Until a provider that did not answer is asked about a callback again, by how often it was; the last stays."""
WAIT_SECONDS: Final = (2.0, 10.0, 60.0, 600.0, 3600.0, 21_600.0, 86_400.0)
"""Until a callback that came before its time is looked at again, by how often it was; after the last it is judged."""
_sql: Final = statements(__file__)
_headers: Final = msgspec.json.Decoder(dict[str, str]).decode


class NewCallback(Struct, frozen=True, kw_only=True):
    """`headers` is JSON of those that matter; `body` the raw bytes.

    `asks_for`: the reference that its provider is to be asked about, since the callback itself proves nothing; or the
    provider's name of a payment that nobody here knows by it.
    """

    id: UUID
    org_id: UUID
    account_id: UUID
    provider: str
    event_id: str | None
    headers: str
    body: bytes
    verdict: IngestVerdict
    received_at: datetime
    asks_for: str | None = None


class WaitingCallback(Struct, frozen=True, kw_only=True):
    """Verified and stored, not applied yet. `external_id` names the account it came for."""

    id: UUID
    org_id: UUID
    account_id: UUID
    provider: str
    event_id: str | None
    body: bytes
    external_id: str
    repeated: bool
    received_at: datetime


class Question(Struct, frozen=True, kw_only=True):
    """A callback that says only what to ask about. `charge_id` None: we know no such payment of that account.

    `asks_for` is then a name of the provider's own, or nothing of ours.
    """

    id: UUID
    account_id: UUID
    provider: str
    tries: int
    asks_for: str
    charge_id: UUID | None
    reference: str | None
    provider_id: str | None
    method: Method | None
    total_minor: int | None
    currency: str | None
    created_at: datetime | None


async def insert_callbacks(postgres: Postgres, new: Sequence[NewCallback]) -> None:
    """All or none, in one statement. Those that do not wait to be applied are done with."""
    columns = zip(*(_values(one) for one in new), strict=True)
    applied_at = [None if one.verdict == "received" else one.received_at for one in new]
    await postgres.execute(_sql["insert_callbacks"], *columns, applied_at, [one.asks_for for one in new])


async def insert_refused_callback(postgres: Postgres, new: NewCallback, refused: CallbackRefused) -> None:
    await postgres.execute(_sql["insert_refused_callback"], *_values(new), *outbox.one(refused))


def _values(new: NewCallback) -> tuple[Any, ...]:
    return (
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


async def take_callbacks(tx: Transaction, now: datetime, *, limit: int) -> list[WaitingCallback]:
    rows: Sequence[Record] = await tx.fetch(_sql["take_callbacks"], now, limit)
    return [WaitingCallback(**dict(row)) for row in rows]


async def take_callback(tx: Transaction, callback_id: UUID) -> WaitingCallback | None:
    """One that waits; None when somebody else has applied it meanwhile."""
    row = await tx.fetchrow(_sql["take_callback"], callback_id)
    return WaitingCallback(**dict(row)) if row else None


async def claim_questions(postgres: Postgres, now: datetime, *, limit: int) -> list[Question]:
    """Each is put off at once: whoever claims them and dies loses one turn."""
    rows = await postgres.fetch(_sql["claim_questions"], now, limit, ASK_AGAIN_SECONDS)
    return [Question(**dict(row)) for row in rows]


async def ask_whose(tx: Transaction, callback_id: UUID, payment_id: str) -> None:
    await tx.execute(_sql["ask_whose"], callback_id, payment_id)


async def whose_is_known(tx: Transaction, callback_id: UUID) -> None:
    """It waits to be applied again."""
    await tx.execute(_sql["whose_is_known"], callback_id)


async def put_off(tx: Transaction, callback_id: UUID, now: datetime) -> bool:
    """Whether it may wait a while longer."""
    return await tx.fetchval(_sql["put_off"], callback_id, now, WAIT_SECONDS) is not None


async def list_callbacks(
    postgres: Postgres, org_id: UUID, search: Filters, *, livemode: bool, before: UUID | None, limit: int
) -> list[CallbackSeen]:
    """Newest first."""
    rows = await postgres.fetch(
        _sql["list_callbacks"],
        org_id,
        livemode,
        before,
        search.provider,
        search.account_id,
        search.verdict,
        search.charge_id,
        search.since,
        search.until,
        limit,
    )
    return [_row(row) for row in rows]


async def list_every_callback(
    postgres: Postgres, *, verdict: str | None, provider: str | None, limit: int
) -> list[CallbackSeen]:
    """Newest first, of every organization."""
    return [_row(row) for row in await postgres.fetch(_sql["list_every_callback"], verdict, provider, limit)]


async def show_callback(postgres: Postgres, callback_id: UUID) -> WholeCallback | None:
    row = await postgres.fetchrow(_sql["show_callback"], callback_id)
    return WholeCallback(_row(row), row["livemode"], _headers(row["headers"]), row["body"]) if row else None


async def replay_callback(postgres: Postgres, callback_id: UUID, *, event_id: str, asks_for: str | None) -> bool:
    """Whether it waits to be applied again; not one that had its effect."""
    return await postgres.fetchval(_sql["replay_callback"], callback_id, event_id, asks_for) is not None


def _row(row: Record) -> CallbackSeen:
    values: dict[str, Any] = {name: row[name] for name in CallbackSeen.__struct_fields__}
    return CallbackSeen(**values)


async def set_aside(postgres: Postgres, now: datetime, *, until: datetime) -> UUID | None:
    """Puts off the oldest waiting callback, which cannot be applied, so that it holds up nobody."""
    return await postgres.fetchval(_sql["set_aside"], now, until)
