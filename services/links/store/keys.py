from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.links.domain.keys import ApiKey
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def insert(tx: Transaction, key: ApiKey) -> None:
    await tx.execute(
        _sql["insert_key"],
        key.id,
        key.org_id,
        key.livemode,
        key.name,
        key.scopes,
        key.secret_sha256,
        key.created_at,
        key.expires_at,
    )


async def find(pg: Postgres, key_id: str) -> ApiKey | None:
    """Anybody's key: only for finding out who asks."""
    row = await pg.fetchrow(_sql["find_key"], key_id)
    return _key_of(row) if row else None


async def find_of(pg: Postgres, key_id: str, *, org_id: UUID, livemode: bool) -> ApiKey | None:
    row = await pg.fetchrow(_sql["find_key_of"], key_id, org_id, livemode)
    return _key_of(row) if row else None


async def lock(tx: Transaction, key_id: str, *, org_id: UUID, livemode: bool) -> ApiKey | None:
    row = await tx.fetchrow(_sql["lock_key"], key_id, org_id, livemode)
    return _key_of(row) if row else None


async def page(pg: Postgres, *, org_id: UUID, livemode: bool, before: str | None, limit: int) -> Sequence[ApiKey]:
    rows = await pg.fetch(_sql["list_keys"], org_id, livemode, before, limit)
    return [_key_of(row) for row in rows]


async def revoke(tx: Transaction, key_id: str, now: datetime) -> None:
    await tx.execute(_sql["revoke_key"], key_id, now)


async def revoke_named(tx: Transaction, org_id: UUID, *, name: str, now: datetime) -> None:
    await tx.execute(_sql["revoke_keys_named"], org_id, name, now)


async def succeed(tx: Transaction, key_id: str, *, successor_id: str, expires_at: datetime) -> None:
    await tx.execute(_sql["succeed_key"], key_id, successor_id, expires_at)


async def mark_used(pg: Postgres, used: Mapping[str, datetime]) -> None:
    await pg.execute(_sql["mark_used"], list(used), list(used.values()))


def _key_of(row: Record) -> ApiKey:
    return ApiKey(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        name=row["name"],
        scopes=tuple(row["scopes"]),
        secret_sha256=row["secret_sha256"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        rotated_to=row["rotated_to"],
        last_used_at=row["last_used_at"],
    )
