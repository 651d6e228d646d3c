"""The feed of a link: what links, checkout and notify say about it, numbered as it is taken in.

What links itself says is taken in by its relay, once it is published.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.feed import Entry, Fact
from services.links.domain.keys import Actor
from services.links.store import feed
from services.links.use_cases.read_links import get_link
from shared.contracts.envelope import Received
from shared.runtime.postgres import Postgres, Transaction

_json: Final = msgspec.json.Encoder(decimal_format="number")


async def keep_feed(tx: Transaction, received: Sequence[Received]) -> None:
    """Keeps those that are about a link."""
    facts = [
        Fact(link_id=link_id, id=one.id, type=one.type, at=one.at, data=_json.encode(one.event).decode())
        for one in received
        if (link_id := one.event.link_id) is not None
    ]
    if facts:
        await feed.add(tx, facts)


async def make_up_feed(pg: Postgres, *, since: datetime) -> None:
    """Keeps what a relay has published that knew nothing of the feed: one of an older version, while both run.

    `since` is real time, as the relay's own.
    """
    while missed := await feed.sent_and_not_fed(pg, since):
        async with pg.transaction() as tx:
            await feed.add(tx, missed)


async def read_feed(pg: Postgres, actor: Actor, link_id: UUID, *, after_seq: int, limit: int) -> Sequence[Entry]:
    """What came after `after_seq`, in order. What is not there yet comes with a higher number than all that is.

    Raises:
        NotFound.
    """
    await get_link(pg, actor, link_id)
    return await feed.after(pg, link_id, after_seq, limit=limit)
