"""Accounts with providers. Credentials go in and come out sealed."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from shared.runtime.postgres import Postgres, Record
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class AccountRow(Struct, frozen=True, kw_only=True):
    id: UUID
    org_id: UUID
    provider: str
    livemode: bool
    external_id: str
    credentials: bytes


async def insert_account(postgres: Postgres, account: AccountRow, now: datetime) -> AccountRow:
    row = await postgres.fetchrow(
        _sql["insert_account"],
        account.id,
        account.org_id,
        account.provider,
        account.livemode,
        account.external_id,
        account.credentials,
        now,
    )
    assert row is not None
    return _account(row)


async def find_account(postgres: Postgres, org_id: UUID, *, provider: str, livemode: bool) -> AccountRow | None:
    row = await postgres.fetchrow(_sql["find_account"], org_id, provider, livemode)
    return _account(row) if row else None


async def find_account_by_external_id(postgres: Postgres, provider: str, external_id: str) -> AccountRow | None:
    row = await postgres.fetchrow(_sql["find_account_by_external_id"], provider, external_id)
    return _account(row) if row else None


async def find_account_by_id(postgres: Postgres, account_id: UUID) -> AccountRow | None:
    row = await postgres.fetchrow(_sql["find_account_by_id"], account_id)
    return _account(row) if row else None


def _account(row: Record) -> AccountRow:
    return AccountRow(
        id=row["id"],
        org_id=row["org_id"],
        provider=row["provider"],
        livemode=row["livemode"],
        external_id=row["external_id"],
        credentials=row["credentials"],
    )
