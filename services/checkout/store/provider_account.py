"""Accounts with providers. Credentials go in and come out sealed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.contracts.links import Method
from shared.runtime.postgres import Postgres, Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encode: Final = msgspec.json.Encoder().encode
_hints: Final = msgspec.json.Decoder(dict[str, str]).decode


class AccountRow(Struct, frozen=True, kw_only=True):
    """`methods`, `currencies`, `operators` None: all that the provider takes. `hints`: each secret's last characters.

    `old_credentials` are for callbacks only, until `old_until`.
    """

    id: UUID
    org_id: UUID
    provider: str
    livemode: bool
    external_id: str
    credentials: bytes
    key_id: str
    hints: Mapping[str, str] = {}
    label: str | None = None
    methods: tuple[Method, ...] | None = None
    currencies: tuple[str, ...] | None = None
    operators: tuple[str, ...] | None = None
    priority: int = 100
    disabled_at: datetime | None = None
    deleted_at: datetime | None = None
    used_at: datetime | None = None
    old_credentials: bytes | None = None
    old_until: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime
    credentials_at: datetime


async def insert_account(on: Reader, account: AccountRow) -> AccountRow:
    row = await on.fetchrow(
        _sql["insert_account"],
        account.id,
        account.org_id,
        account.provider,
        account.livemode,
        account.external_id,
        account.credentials,
        account.key_id,
        _encode(account.hints).decode(),
        account.label,
        account.methods,
        account.currencies,
        account.operators,
        account.priority,
        account.created_at,
    )
    assert row is not None
    return _account(row)


async def offered_accounts(postgres: Postgres, org_id: UUID, *, livemode: bool) -> list[AccountRow]:
    """Those that take payments, the oldest first."""
    return [_account(row) for row in await postgres.fetch(_sql["offered_accounts"], org_id, livemode)]


async def find_account_by_external_id(postgres: Postgres, provider: str, external_id: str) -> AccountRow | None:
    row = await postgres.fetchrow(_sql["find_account_by_external_id"], provider, external_id)
    return _account(row) if row else None


async def find_account_by_id(postgres: Postgres, account_id: UUID) -> AccountRow | None:
    row = await postgres.fetchrow(_sql["find_account_by_id"], account_id)
    return _account(row) if row else None


async def mark_used(postgres: Postgres, account_id: UUID, now: datetime) -> AccountRow | None:
    row = await postgres.fetchrow(_sql["mark_used"], account_id, now)
    return _account(row) if row else None


async def list_accounts(
    postgres: Postgres, org_id: UUID, *, livemode: bool, before: UUID | None, provider: str | None, limit: int
) -> list[AccountRow]:
    """Newest first."""
    rows = await postgres.fetch(_sql["list_accounts"], org_id, livemode, before, provider, limit)
    return [_account(row) for row in rows]


async def lock_account(tx: Transaction, org_id: UUID, *, livemode: bool, account_id: UUID) -> AccountRow | None:
    row = await tx.fetchrow(_sql["lock_account"], org_id, livemode, account_id)
    return _account(row) if row else None


async def write_account(tx: Transaction, account: AccountRow, now: datetime) -> AccountRow:
    row = await tx.fetchrow(
        _sql["write_account"],
        account.id,
        account.label,
        account.methods,
        account.currencies,
        account.operators,
        account.priority,
        account.disabled_at,
        account.deleted_at,
        account.credentials,
        account.key_id,
        _encode(account.hints).decode(),
        account.old_credentials,
        account.old_until,
        account.credentials_at,
        now,
    )
    assert row is not None
    return _account(row)


async def sealed_otherwise(tx: Transaction, key_id: str, *, limit: int) -> list[AccountRow]:
    """Accounts whose credentials another key than this one seals."""
    return [_account(row) for row in await tx.fetch(_sql["sealed_otherwise"], key_id, limit)]


async def reseal_account(tx: Transaction, account: AccountRow) -> None:
    await tx.execute(_sql["reseal_account"], account.id, account.credentials, account.key_id, account.old_credentials)


def _account(row: Record) -> AccountRow:
    values: dict[str, Any] = {name: row[name] for name in AccountRow.__struct_fields__}
    for name in ("methods", "currencies", "operators"):
        values[name] = None if row[name] is None else tuple(row[name])
    values["hints"] = _hints(row["hints_text"])
    return AccountRow(**values)
