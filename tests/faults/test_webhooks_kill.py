"""kill -9 of a notify that sends webhooks, with another beside it: none is lost, and the order of each link holds."""

import asyncio
import os
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from services.notify.use_cases.send_webhooks import LEASE, PER_ENDPOINT_MAX
from services.notify.webhooks.signing import SecretBox
from shared.kernel.ids import new_id
from tests.conftest import Database
from tests.support.bus import running, until
from tests.support.mails import paid
from tests.support.notify import notify_service
from tests.support.servers import start_nats
from tests.support.webhooks import receiver, tell_numbered, webhooks_on

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
LINKS = 200 if FULL else 20
PER_LINK = 10 if FULL else 5
KILLED_AFTER = 200 if FULL else 5
"""So many requests into its work: the receiver has one that the log has not."""
KILLED = -9


async def test_a_replica_that_is_killed_among_webhooks_loses_none_and_mixes_up_none(
    database: Database, tmp_path: Path
) -> None:
    dsn = await database("notify")
    async with AsyncExitStack() as stack:
        bus = await start_nats(tmp_path / "nats")
        stack.push_async_callback(bus.stop)
        folders = [tmp_path / name for name in ("doomed", "other")]
        for folder in folders:
            folder.mkdir()
        doomed, other = [
            notify_service(dsn=dsn, nats_url=bus.url, smtp_url="smtp://127.0.0.1:1", folder=folder, crash=crash)
            for folder, crash in zip(folders, (f"webhooks.sent:{KILLED_AFTER}", ""), strict=True)
        ]
        may_answer = asyncio.Event()

        async def at_a_stroll(_: web.Request) -> web.Response:
            await may_answer.wait()
            await asyncio.sleep(0.02)
            return web.Response(status=204)

        shop = await stack.enter_async_context(receiver(at_a_stroll))
        hooks = await stack.enter_async_context(webhooks_on(dsn))
        hooks.box = SecretBox(bytes(32))
        _, secret = await hooks.endpoint(shop.url, "charge.*")
        await stack.enter_async_context(running(doomed))
        links = [new_id() for _ in range(LINKS)]
        await tell_numbered(
            bus.url,
            (
                (paid(org_id=hooks.owner.org_id, livemode=False, link_id=link), sequence)
                for sequence in range(1, PER_LINK + 1)
                for link in links
            ),
        )

        async def all_under_way() -> bool:
            written = await hooks.postgres.fetchval("SELECT count(*) FROM webhook_delivery")
            return written == LINKS * PER_LINK and len(shop.arrived) > 0

        # Who comes first takes all the places there are, and keeps them as long as it goes from one to the next.
        await until(all_under_way, seconds=60, what="the doomed one has its hands full")
        await stack.enter_async_context(running(other))
        may_answer.set()

        async def died() -> bool:
            assert doomed.process is not None
            return doomed.process.poll() is not None

        await until(died, seconds=60, what="the doomed one is killed")
        assert doomed.process is not None
        assert doomed.process.returncode == KILLED

        async def all_settled() -> bool:
            waiting = await hooks.postgres.fetchval("SELECT count(*) FROM webhook_lane")
            done = await hooks.postgres.fetchval("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'")
            return waiting == 0 and done == LINKS * PER_LINK

        seconds = LEASE.total_seconds() + 60
        await until(all_settled, seconds=seconds, what="all are delivered by the one that is left")
        shop.verify(secret)
        times = Counter(shop.ids)
        repeated = [one for one, count in times.items() if count > 1]
        assert len(times) == LINKS * PER_LINK
        assert 1 <= len(repeated) <= PER_ENDPOINT_MAX
        by_link = defaultdict(list)
        for one in shop.arrived:
            by_link[one.payload["data"]["link_id"]].append(one.payload["data"]["sequence"])
        for sequences in by_link.values():
            assert sequences == sorted(sequences)
            assert set(sequences) == set(range(1, PER_LINK + 1))
        print(f"\n{len(times)} webhooks, one of two replicas killed: {len(repeated)} sent twice under the same id")
