"""Publishing to JetStream in batches.

Many messages go as one atomic batch (ADR-50 of NATS, server 2.12 and later): the stream stores all or none, in
order, and syncs its disk once, not once a message. Where the server refuses a batch, because it knows one of the ids
already, each message goes by itself and is acknowledged by itself; so do all, to a stream that takes no batches.

nats-py's `publish_async` subscribes anew for every context, makes a task per message, and keeps a slot for ever when a
publish raises; this holds one subscription for as long as it is open.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from shared.kernel.ids import new_id
from shared.runtime import wire

TOGETHER_MIN: Final = 8
"""A batch costs the server 1.1 ms, however small, since it is staged in a store of its own, and 0.01 ms a message. One
by itself costs 0.2 ms. (CPU of nats-server 2.15 with `sync_interval: always`, on an idle machine.)"""

_BATCH_ID: Final = "Nats-Batch-Id"
_BATCH_SEQUENCE: Final = "Nats-Batch-Sequence"
_BATCH_COMMIT: Final = "Nats-Batch-Commit"
_BATCHES_DISABLED: Final = 10174
"""The stream was made without `allow_atomic`. https://github.com/nats-io/nats-server/blob/main/server/errors.json"""


class Outgoing(msgspec.Struct, frozen=True):
    subject: str
    body: bytes
    headers: Mapping[str, str]


class _Error(msgspec.Struct, frozen=True):
    err_code: int = 0


class _Ack(msgspec.Struct, frozen=True):
    """What a stream answers: its name, and an error unless it has the message (again). `count` is of a batch."""

    stream: str = ""
    count: int = 0
    error: _Error | None = None


_acks = msgspec.json.Decoder(_Ack)


class Publisher:
    """One batch at a time. What has not been acknowledged is unknown, not failed: publish it again under its id."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._batch = 0
        self._unanswered = 0
        self._together = 0
        self._takes_batches = True
        self._acknowledged: set[int] = set()
        self._all_answered = asyncio.Event()

    async def open(self) -> None:
        self._subscription = await self._client.subscribe(f"{self._inbox}.*.*", cb=self._answered)

    async def close(self) -> None:
        if self._subscription is not None:
            with suppress(NatsError, OSError):
                await self._subscription.unsubscribe()

    def abandon(self) -> None:
        """Ends the wait for acknowledgements: the connection that they would have come by is gone."""
        self._all_answered.set()

    async def publish(self, messages: Sequence[Outgoing], timeout_seconds: float) -> list[bool]:
        """Of each message, in order, whether the stream has said that it is stored. All are of one stream."""
        if len(messages) >= TOGETHER_MIN and self._takes_batches and self._client.is_connected:
            match await self._publish_together(messages, timeout_seconds):
                case True:
                    return [True] * len(messages)
                case None:
                    return [False] * len(messages)
                case False:
                    pass
        return await self._publish_singly(messages, timeout_seconds)

    async def _publish_together(self, messages: Sequence[Outgoing], timeout_seconds: float) -> bool | None:
        """Whether the stream took the batch; None when it did not say so in time, and may have."""
        self._expect(1)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await wire.send(self._client, self._commands(messages))
                await self._all_answered.wait()
        if self._unanswered:
            return None
        return self._together == len(messages)

    def _commands(self, messages: Sequence[Outgoing]) -> list[bytes]:
        """The messages as one batch. Only the last one is answered for: a server that knows no batches does so, too."""
        batch_id, last = new_id().hex, len(messages)
        commands: list[bytes] = []
        for number, message in enumerate(messages, start=1):
            headers = {**message.headers, _BATCH_ID: batch_id, _BATCH_SEQUENCE: str(number)}
            if number == last:
                headers[_BATCH_COMMIT] = "1"
            reply = f"{self._inbox}.{self._batch}.0" if number == last else ""
            commands.append(wire.hpub(message.subject, reply, headers, message.body))
        return commands

    def _expect(self, answers: int) -> None:
        self._batch += 1
        self._unanswered = answers
        self._together = 0
        self._acknowledged = set()
        self._all_answered.clear()

    async def _publish_singly(self, messages: Sequence[Outgoing], timeout_seconds: float) -> list[bool]:
        self._expect(len(messages))
        reply = f"{self._inbox}.{self._batch}"
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                for number, message in enumerate(messages):
                    if not self._client.is_connected:  # it would be kept, and sent late: after those that follow it
                        break
                    await self._client.publish(
                        message.subject,
                        message.body,
                        reply=f"{reply}.{number}",
                        headers=dict(message.headers),
                    )
                else:
                    await self._all_answered.wait()
        return [number in self._acknowledged for number in range(len(messages))]

    async def _answered(self, message: Msg) -> None:
        _, batch, number = message.subject.rsplit(".", 2)
        if int(batch) != self._batch:
            return  # an answer that came too late
        with suppress(msgspec.MsgspecError):  # "no responders" has no body: there is no such stream
            ack = _acks.decode(message.data)
            if ack.error is not None:
                self._takes_batches = self._takes_batches and ack.error.err_code != _BATCHES_DISABLED
            elif ack.stream:
                self._acknowledged.add(int(number))
                self._together = ack.count
        self._unanswered -= 1
        if self._unanswered == 0:
            self._all_answered.set()
