"""Thousands of links come due at once, two replicas send, one is killed: every recipient has one mail, in time."""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from deploy.local.mailbox.mail import Mail
from shared.contracts.envelope import Event
from shared.contracts.links import LinkCreated, LinkSendRequested, LinkView
from shared.kernel.moment import utc_now
from tests.conftest import Database
from tests.support.bus import running, until
from tests.support.link_mails import view
from tests.support.mails import mail_server, tell
from tests.support.notify import notify_service
from tests.support.servers import start_nats

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
LINKS = 5_000 if FULL else 200
LEAD = timedelta(seconds=90 if FULL else 6)
"""Time for the facts to be told and noted before the links come due."""
IN_TIME_SECONDS = 60
KILLED_AFTER = 1_030 if FULL else 30
"""So many mails into its work, in the midst of a batch: the mail server has mails that the ledger has not."""
KILLED = -9
TELLERS = 16
ANSWER_SECONDS = 0 if FULL else 0.05
"""Or one replica alone would have sent 200 mails before the other looks."""


async def test_a_replica_that_is_killed_among_scheduled_mails_costs_nobody_a_mail(
    database: Database, tmp_path: Path
) -> None:
    dsn = await database("notify")
    async with AsyncExitStack() as stack:
        bus = await start_nats(tmp_path / "nats")
        stack.push_async_callback(bus.stop)
        server = await stack.enter_async_context(mail_server(tmp_path / "maildir"))
        folders = [tmp_path / name for name in ("doomed", "other", "again")]
        for folder in folders:
            folder.mkdir()
        doomed, other, again = [
            notify_service(dsn=dsn, nats_url=bus.url, smtp_url=server.url, folder=folder, crash=crash)
            for folder, crash in zip(folders, (f"mails.delivered:{KILLED_AFTER}", "", ""), strict=True)
        ]
        await stack.enter_async_context(running(doomed, other))
        reader = await asyncpg.connect(dsn)
        stack.push_async_callback(reader.close)
        server.faults.seconds = ANSWER_SECONDS
        due = utc_now() + LEAD
        links = [view(f"buyer{n}@example.com", scheduled_at=due) for n in range(LINKS)]
        await _tell_all(bus.url, [LinkCreated(org_id=one.org_id, link_id=one.id, link=one) for one in links])
        assert await _noted(reader) == LINKS
        assert utc_now() < due, "the links came due before they were told of: the machine is too slow for this lead"

        await asyncio.sleep((due - utc_now()).total_seconds())
        # Whoever asks for the window now meets the ticker.
        asking = asyncio.create_task(_ask_for_all(bus.url, links))
        assert await asyncio.wait_for(doomed.exited(), IN_TIME_SECONDS) == KILLED
        leased = {row["lease_token"] for row in await reader.fetch(_SENDING)}
        await stack.enter_async_context(running(again))
        # The other replica is through with its batch by now; the lease of the dead runs on.
        in_flight = {row["message_id"] for row in await reader.fetch(_SENDING) if row["lease_token"] in leased}
        await asking

        async def all_sent() -> bool:
            return await _count(reader, "sent") >= LINKS

        await until(all_sent, seconds=IN_TIME_SECONDS + 30, what="all are sent")
        # A second look: whatever still came would be one too many.
        await asyncio.sleep(2)
        _examine(server.mails, in_flight=in_flight, due=due)
        assert await _count(reader, "sent") == LINKS == await reader.fetchval("SELECT count(*) FROM mail")
        assert await reader.fetchval("SELECT count(*) FROM dead_letter") == 0


def _examine(mails: list[Mail], *, in_flight: set[str], due: datetime) -> None:
    ids_of: defaultdict[str, list[str]] = defaultdict(list)
    for mail in mails:
        ids_of[mail.to].append(mail.message_id)
    every_id = [message_id for ids in ids_of.values() for message_id in ids]
    repeated = {message_id for message_id, times in Counter(every_id).items() if times > 1}
    took = (max(mail.received_at for mail in mails) - due).total_seconds()
    early = [mail for mail in mails if mail.received_at < due]
    print(
        f"\n{LINKS} links due at once, one of two replicas killed: {len(set(every_id))} distinct Message-IDs, "
        f"{len(repeated)} repeated of {len(in_flight)} in flight, {len(early)} early, all within {took:.1f} s"
    )
    assert len(ids_of) == len(set(every_id)) == LINKS
    assert repeated <= in_flight
    assert repeated, "it was not killed in the midst of its work"
    assert early == []
    assert took <= IN_TIME_SECONDS


async def _ask_for_all(nats_url: str, links: list[LinkView]) -> None:
    await _tell_all(nats_url, [LinkSendRequested(org_id=one.org_id, link_id=one.id, link=one) for one in links])


async def _tell_all(nats_url: str, facts: Sequence[Event]) -> None:
    """Side by side: each waits for the disk of NATS."""
    await asyncio.gather(*(tell(nats_url, *facts[first::TELLERS]) for first in range(TELLERS)))


async def _noted(reader: asyncpg.Connection) -> int:
    async def all_noted() -> bool:
        return await reader.fetchval("SELECT count(*) FROM link_mail") >= LINKS

    await until(all_noted, seconds=LEAD.total_seconds(), what="every link is known")
    return await reader.fetchval("SELECT count(*) FROM link_mail")


async def _count(reader: asyncpg.Connection, state: str) -> int:
    return await reader.fetchval("SELECT count(*) FROM mail WHERE state = $1", state)


_SENDING = "SELECT message_id, lease_token FROM mail WHERE state = 'sending'"
