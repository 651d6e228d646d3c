"""Where merchants want to be told. Every question names the organization and the mode that asks."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from services.notify.domain.webhook_endpoint import DisabledReason, Endpoint, EndpointDraft
from shared.runtime.postgres import Postgres, Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class Owner(msgspec.Struct, frozen=True):
    """Whose endpoints: an organization in one of its two modes."""

    org_id: UUID
    livemode: bool


async def count_alone(tx: Transaction, owner: Owner) -> int:
    """How many there are; until the transaction ends, nobody else makes one."""
    await tx.execute(_sql["lock_organization"], owner.org_id, owner.livemode)
    count: int = await tx.fetchval(_sql["count_endpoints"], owner.org_id, owner.livemode)
    return count


async def add_endpoint(tx: Transaction, endpoint: Endpoint, secret: bytes) -> Endpoint:
    """`secret` is sealed."""
    row = await tx.fetchrow(
        _sql["add_endpoint"],
        endpoint.id,
        endpoint.org_id,
        endpoint.livemode,
        endpoint.url,
        endpoint.description,
        endpoint.events,
        secret,
        endpoint.disabled_at,
        endpoint.disabled_reason,
        endpoint.created_at,
    )
    assert row is not None
    return _endpoint(row)


async def list_endpoints(pg: Postgres, owner: Owner, *, before: UUID | None, limit: int) -> list[Endpoint]:
    rows = await pg.fetch(_sql["list_endpoints"], owner.org_id, owner.livemode, before, limit)
    return [_endpoint(row) for row in rows]


async def find_endpoint(reader: Reader, owner: Owner, endpoint_id: UUID) -> Endpoint | None:
    row = await reader.fetchrow(_sql["find_endpoint"], endpoint_id, owner.org_id, owner.livemode)
    return _endpoint(row) if row else None


async def change_endpoint(
    tx: Transaction, owner: Owner, endpoint_id: UUID, *, draft: EndpointDraft, now: datetime
) -> Endpoint | None:
    row = await tx.fetchrow(
        _sql["change_endpoint"],
        endpoint_id,
        owner.org_id,
        owner.livemode,
        _or_none(draft.url),
        draft.description is not UNSET,
        _or_none(draft.description),
        _or_none(draft.events),
        _or_none(draft.enabled),
        now,
    )
    return _endpoint(row) if row else None


async def rotate_secret(
    tx: Transaction, owner: Owner, endpoint_id: UUID, *, secret: bytes, previous_until: datetime, now: datetime
) -> Endpoint | None:
    row = await tx.fetchrow(
        _sql["rotate_secret"], endpoint_id, owner.org_id, owner.livemode, secret, previous_until, now
    )
    return _endpoint(row) if row else None


async def delete_endpoint(pg: Postgres, owner: Owner, endpoint_id: UUID, *, now: datetime) -> bool:
    return await pg.fetchval(_sql["delete_endpoint"], endpoint_id, owner.org_id, owner.livemode, now) is not None


async def note_arrival(tx: Transaction, endpoint_id: UUID) -> None:
    await tx.execute(_sql["note_arrival"], endpoint_id)


async def note_failure(tx: Transaction, endpoint_id: UUID, url: str, *, now: datetime) -> tuple[datetime, int] | None:
    """Since when nothing has arrived there, and how often that was tried; None where it has another URL now."""
    row = await tx.fetchrow(_sql["note_failure"], endpoint_id, now, url)
    return (row["failing_since"], row["failures"]) if row else None


async def switch_off(tx: Transaction, endpoint_id: UUID, reason: DisabledReason, *, now: datetime) -> str | None:
    """Its description, perhaps empty; None where it was off already."""
    row = await tx.fetchrow(_sql["switch_off"], endpoint_id, now, reason)
    return (row["description"] or "") if row else None


async def forget_old(pg: Postgres, *, now: datetime, deleted_before: datetime) -> None:
    await pg.execute(_sql["forget_old_secrets"], now)
    await pg.execute(_sql["forget_deleted"], deleted_before)


def _endpoint(row: Record) -> Endpoint:
    values: dict[str, Any] = dict(row)
    values["events"] = tuple(values["events"])
    return Endpoint(**values)


def _or_none(value: Any) -> Any:
    return None if value is UNSET else value
