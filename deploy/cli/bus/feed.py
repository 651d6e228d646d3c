"""Facts of several streams in one order: the past merged by time, then the present as it comes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from deploy.cli.bus.connect import CliError
from deploy.cli.bus.patterns import Source
from shared.contracts import envelope

BATCH = 256
WAIT_SECONDS = 2.0
KEPT_BY_SERVER_SECONDS = 60
AHEAD_MAX = 1024
# The server counts nanoseconds since 1970 in 64 bits, and takes what lies beyond for some other time.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2262, 1, 1, tzinfo=UTC)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it stands in its stream. `last` is true where nothing older was waiting behind it."""

    headers: dict[str, str]
    subject: str
    body: bytes
    stream: str
    position: int
    last: bool

    @property
    def time(self) -> str:
        return self.headers.get(envelope.TIME, "")

    @property
    def type(self) -> str:
        return self.headers.get(envelope.TYPE, self.subject)


class Reader:
    """One stream, read from a moment on. A consumer that the server lost is made again where this one stands."""

    def __init__(self, client: Client, source: Source, since: datetime | None) -> None:
        self._client = client
        self._source = source
        self._since = since
        self._position: int | None = None
        self.queue: asyncio.Queue[Fact | None] = asyncio.Queue(AHEAD_MAX)
        self.behind = True

    async def run(self) -> None:
        me = asyncio.current_task()
        # nats-py may turn a cancellation into an error of its own.
        while me is None or not me.cancelling():
            # The connection or the server is away; both come back.
            with suppress(NatsError, OSError, TimeoutError):
                await self._session()
            await asyncio.sleep(WAIT_SECONDS / 4)

    async def _session(self) -> None:
        jetstream = self._client.jetstream(timeout=WAIT_SECONDS)
        try:
            consumer = await jetstream.add_consumer(self._source.stream, self._config())
        except NotFoundError:
            # No service has run here yet: there is nothing old.
            await self._caught_up()
            return
        subscription = await jetstream.pull_subscribe_bind(consumer=consumer.name, stream=self._source.stream)
        try:
            if not consumer.num_pending:
                await self._caught_up()
            while True:
                try:
                    messages = await subscription.fetch(BATCH if self.behind else 1, timeout=WAIT_SECONDS)
                except TimeoutError:
                    await subscription.consumer_info()
                    continue
                for message in messages:
                    await self._take(message)
        finally:
            with suppress(NatsError, OSError, TimeoutError):
                await subscription.unsubscribe()

    async def _take(self, message: Msg) -> None:
        metadata = message.metadata
        self._position = metadata.sequence.stream
        fact = Fact(
            headers=dict(message.headers or {}),
            subject=message.subject,
            body=message.data,
            stream=self._source.stream,
            position=self._position,
            last=metadata.num_pending == 0,
        )
        await self.queue.put(fact)
        if fact.last:
            await self._caught_up()

    async def _caught_up(self) -> None:
        if self.behind:
            self.behind = False
            await self.queue.put(None)

    def _config(self) -> ConsumerConfig:
        common: dict[str, Any] = {
            "filter_subject": self._source.subject,
            "ack_policy": AckPolicy.NONE,
            "inactive_threshold": KEPT_BY_SERVER_SECONDS,
            "mem_storage": True,
        }
        if self._position is not None:
            start = self._position + 1
            return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=start, **common)
        if self._since is None:
            return ConsumerConfig(deliver_policy=DeliverPolicy.NEW, **common)
        start_time = min(max(self._since, _EARLIEST), _LATEST).astimezone(UTC).isoformat(timespec="microseconds")
        return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=start_time, **common)  # pyright: ignore[reportArgumentType] - nats-py passes it on as JSON


async def feed(
    client: Client, sources: Sequence[Source], *, since: datetime | None, follow: bool
) -> AsyncGenerator[Fact, None]:
    """Facts since a moment, oldest first over all streams, and then new ones for ever, if `follow`."""
    try:
        await client.jetstream().account_info()
    except (NatsError, TimeoutError):
        raise CliError("This NATS server runs without JetStream, so there are no facts to see.") from None
    readers = [Reader(client, source, since) for source in sources]
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    try:
        async for fact in _past(readers):
            yield fact
        if follow:
            async for fact in _present(readers):
                yield fact
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _past(readers: Sequence[Reader]) -> AsyncGenerator[Fact, None]:
    """Merged by time. Facts of one stream keep their order, also those of one transaction, whose time is the same."""
    heads = {reader: await reader.queue.get() for reader in readers}
    while waiting := {reader: head for reader, head in heads.items() if head is not None}:
        reader = min(waiting, key=lambda one: waiting[one].time)
        yield waiting[reader]
        heads[reader] = await reader.queue.get()


async def _present(readers: Sequence[Reader]) -> AsyncGenerator[Fact, None]:
    merged: asyncio.Queue[Fact | None] = asyncio.Queue(AHEAD_MAX)

    async def pass_on(reader: Reader) -> None:
        while True:
            await merged.put(await reader.queue.get())

    tasks = [asyncio.create_task(pass_on(reader)) for reader in readers]
    try:
        while True:
            if (fact := await merged.get()) is not None:
                yield fact
    finally:
        for task in tasks:
            task.cancel()
