"""Addresses that no mail of an organization goes to, because there is no such address."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.runtime.postgres import Postgres
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """`answer` is what the mail server said of mail `mail_id`."""

    id: UUID
    address: str
    answer: str
    mail_id: UUID
    created_at: datetime


async def list_suppressions(
    pg: Postgres, org_id: UUID, *, address: str | None, before: UUID | None, limit: int
) -> list[Suppression]:
    rows = await pg.fetch(_sql["list_suppressions"], org_id, address, before, limit)
    return [Suppression(**dict(row)) for row in rows]


async def lift(pg: Postgres, org_id: UUID, suppression_id: UUID) -> bool:
    """False: there is none of this organization."""
    return await pg.fetchval(_sql["lift"], suppression_id, org_id) is not None
