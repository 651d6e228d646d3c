"""Links by whom they are for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.runtime.postgres import Postgres
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def page_of_open(
    pg: Postgres, email: str, *, livemode: bool, org_id: UUID | None, after: UUID, limit: int, now: datetime
) -> Sequence[tuple[UUID, UUID]]:
    """(link, organization) of the links that have neither ended nor expired; `email` is lower-cased."""
    rows = await pg.fetch(_sql["list_open_of_recipient"], email, livemode, org_id, now, after, limit)
    return [(row["id"], row["org_id"]) for row in rows]
