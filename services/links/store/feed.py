from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.feed import Entry, Fact
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)

MARK_SENT: Final = _sql["mark_sent_and_feed"]
"""What the relay of links does with what it has published: see its `mark_sent`."""


async def add(tx: Transaction, facts: Sequence[Fact]) -> None:
    """Numbers them in the order given, each once, whenever it comes again."""
    await tx.execute(
        _sql["add_facts"],
        [fact.link_id for fact in facts],
        [fact.id for fact in facts],
        [fact.type for fact in facts],
        [fact.at for fact in facts],
        [fact.data for fact in facts],
    )


async def sent_and_not_fed(pg: Postgres, since: datetime) -> Sequence[Fact]:
    rows = await pg.fetch(_sql["sent_and_not_fed"], since)
    return [
        Fact(link_id=row["link_id"], id=row["id"], type=row["type"], at=row["at"], data=row["data"]) for row in rows
    ]


async def after(pg: Postgres, link_id: UUID, seq: int, *, limit: int) -> Sequence[Entry]:
    rows = await pg.fetch(_sql["read_feed"], link_id, seq, limit)
    return [
        Entry(seq=row["seq"], id=row["fact_id"], type=row["type"], at=row["at"], data=msgspec.Raw(row["data"].encode()))
        for row in rows
    ]
