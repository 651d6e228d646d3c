"""Publishing to JetStream in batches: all messages go out at once, then their acknowledgements are awaited.

nats-py's `publish_async` subscribes anew for every context, makes a task per message, and keeps a slot for ever when a
publish raises; this holds one subscription for as long as it is open.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError


class Outgoing(msgspec.Struct, frozen=True):
    subject: str
    body: bytes
    headers: Mapping[str, str]


class _Ack(msgspec.Struct, frozen=True):
    """What a stream answers: its name when it has the message (again), an error otherwise."""

    stream: str = ""
    error: msgspec.Raw = msgspec.Raw()


_acks = msgspec.json.Decoder(_Ack)


class Publisher:
    """One batch at a time. What has not been acknowledged is unknown, not failed: publish it again under its id."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._batch = 0
        self._unanswered = 0
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
        """Of each message, in order, whether the stream has said that it is stored."""
        self._batch += 1
        self._unanswered = len(messages)
        self._acknowledged = set()
        self._all_answered.clear()
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
            if ack.stream and not bytes(ack.error):
                self._acknowledged.add(int(number))
        self._unanswered -= 1
        if self._unanswered == 0:
            self._all_answered.set()
