from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.pace import Rule
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class Waiting(msgspec.Struct, frozen=True):
    """The organization of a gated link. `known`: the link waits for the address that was asked about."""

    org_id: UUID
    livemode: bool
    name: str
    locale: str
    support_email: str | None
    color: str | None
    known: bool


async def full_since(tx: Transaction, rules: list[Rule], now: datetime) -> list[datetime | None]:
    """For each rule the ask that fills it up, or None: there is room. Names stay locked until the transaction ends."""
    names = [rule.name for rule in rules]
    await tx.execute(_sql["lock_names"], names)
    rows = await tx.fetch(
        _sql["find_oldest"], names, [rule.count_max for rule in rules], [now - rule.within for rule in rules]
    )
    return [row["asked_at"] for row in rows]


async def note(tx: Transaction, rules: list[Rule], now: datetime) -> None:
    await tx.execute(_sql["note_asks"], [rule.name for rule in rules], now)


async def forget(pg: Postgres, before: datetime) -> None:
    await pg.execute(_sql["forget_asks"], before)


async def find_waiting(
    tx: Transaction, email: str, *, org_id: UUID | None, link_id: UUID | None, now: datetime
) -> Waiting | None:
    if link_id is not None:
        row = await tx.fetchrow(_sql["find_gated_link"], link_id, email, now)
    else:
        row = await tx.fetchrow(_sql["find_gated_address"], email, now, org_id)
    return Waiting(**dict(row)) if row else None
