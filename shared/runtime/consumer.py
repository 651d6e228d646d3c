"""Reads one durable consumer of a stream, safely: effect and inbox row in one transaction, then the ack.

Messages are taken as they come, up to `batch` at a time, and applied in one transaction. When that fails, each is
applied alone, so that one that cannot be applied holds up nobody. It is tried again with growing delay and, after
`DELIVERIES_MAX`, kept as a dead letter.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from shared.contracts import envelope
from shared.contracts.catalogue import EVENTS
from shared.contracts.envelope import Event, Received
from shared.contracts.subjects import every, stream_of
from shared.kernel.faults import Unavailable
from shared.runtime.broker import Broker
from shared.runtime.crash import crash_point
from shared.runtime.inbox import Letter, bury, take_in
from shared.runtime.logs import logger
from shared.runtime.metrics import EVENTS_DEAD, EVENTS_FAILED, EVENTS_REPEATED, EVENTS_TAKEN
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.tracing import continue_trace

DELIVERIES_MAX: Final = 8
BATCH: Final = 128
ACK_WAIT_SECONDS: Final = 30
PULL_SECONDS: Final = 30
HEARTBEAT_SECONDS: Final = 2
SILENCE_SECONDS_MAX: Final = 5
DELAY_SECONDS_MAX: Final = 60

Handler = Callable[[Transaction, Sequence[Received]], Awaitable[None]]

_log = logger("consumer")
_DECODERS: Final = {name: msgspec.json.Decoder(event) for name, event in EVENTS.items()}


class Undecodable(Exception):  # noqa: N818 - says what it is
    """The message is not one of our facts; trying again cannot help."""


class Consumer:
    """`name` is the use case (`settle-use`); the durable is `<service>--<name>`. All events come from one owner."""

    def __init__(
        self,
        name: str,
        *,
        broker: Broker,
        postgres: Postgres,
        events: Sequence[type[Event]],
        handler: Handler,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.durable = f"{broker.service}--{name}"
        self._broker = broker
        self._postgres = postgres
        self._stream = stream_of(events[0].owner)
        self._filters = [every(event) for event in events]
        self._handler = handler
        self._committed = committed
        self._reconnected = asyncio.Event()
        broker.when_connected(self._reconnected.set)

    async def run(self) -> None:
        """Runs for as long as the service does: whatever ends a session of pulling begins another one."""
        while True:
            try:
                await self._session()
            except (Unavailable, NatsError, APIError, OSError, TimeoutError) as error:
                _log.warning("consumer.interrupted", consumer=self.durable, error=repr(error))
                await asyncio.sleep(0.5)

    async def _session(self) -> None:
        await self._broker.started()
        await self._ensure()
        self._reconnected.clear()
        client = self._broker.client
        inbox = client.new_inbox()
        arrived: asyncio.Queue[Msg] = asyncio.Queue()
        subscription = await client.subscribe(inbox, cb=arrived.put)
        try:
            wanted = 0
            while not self._reconnected.is_set():
                if wanted <= 0:
                    await self._pull(inbox)
                    wanted = BATCH
                messages, wanted = await self._next(arrived, wanted)
                if messages:
                    await self._apply(messages)
        finally:
            if self._broker.connected:
                await subscription.unsubscribe()

    async def _ensure(self) -> None:
        """Makes the durable when it is missing, or when it was deleted at run time."""
        jetstream = self._broker.jetstream
        try:
            info = await jetstream.consumer_info(self._stream, self.durable)
            if sorted(info.config.filter_subjects or []) == sorted(self._filters):
                return
        except NotFoundError:
            await self._broker.ensure_streams()
        await jetstream.add_consumer(
            self._stream,
            ConsumerConfig(
                durable_name=self.durable,
                filter_subjects=self._filters,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_SECONDS,
                deliver_policy=DeliverPolicy.ALL,
                max_deliver=-1,  # the application counts: the server's cap does not survive every crash
                max_ack_pending=4 * BATCH,
            ),
        )

    async def _pull(self, inbox: str) -> None:
        ask = {
            "batch": BATCH,
            "expires": PULL_SECONDS * 1_000_000_000,
            "idle_heartbeat": HEARTBEAT_SECONDS * 1_000_000_000,
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self.durable}"
        await self._broker.client.publish(subject, json.dumps(ask).encode(), reply=inbox)

    async def _next(self, arrived: "asyncio.Queue[Msg]", wanted: int) -> tuple[list[Msg], int]:
        """What has arrived, and how many more the running pull may bring (0: it is over, pull again).

        Silence for longer than two heartbeats means that the server forgot us: the session ends and begins anew.
        """
        messages: list[Msg] = []
        while True:
            if messages and arrived.empty():
                return messages, wanted
            try:
                message = await asyncio.wait_for(arrived.get(), SILENCE_SECONDS_MAX)
            except TimeoutError:
                raise Unavailable("nats") from None
            status = (message.headers or {}).get("Status")
            if status is None or message.reply.startswith("$JS.ACK"):
                messages.append(message)
                wanted -= 1
                if wanted <= 0:
                    return messages, 0
            elif status == "100":  # a heartbeat: the pull is alive
                if arrived.empty():
                    return messages, wanted
            elif status == "408":  # the pull has run its time
                return messages, 0
            else:  # 409 consumer deleted, leadership change …; 503 nobody there; 404 no such thing
                if messages:
                    return messages, 0
                raise Unavailable(f"nats: {status} {(message.headers or {}).get('Description', '')}".strip())

    async def _apply(self, messages: Sequence[Msg]) -> None:
        decoded: list[tuple[Msg, Received]] = []
        for message in messages:
            try:
                decoded.append((message, decode(message)))
            except Undecodable as error:
                await self._bury(message, repr(error))
        if not decoded:
            return
        try:
            await self.take([received for _, received in decoded])
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the message must come again
            if len(decoded) == 1:
                await self._failed(decoded[0][0], error)
                return
            for message, received in decoded:
                try:
                    await self.take([received])
                except Exception as alone:  # noqa: BLE001 - as above
                    await self._failed(message, alone)
                else:
                    await message.ack()
            return
        for message, _ in decoded:
            await message.ack()

    async def take(self, received: Sequence[Received]) -> int:
        """Applies those facts that the inbox does not know, in one transaction; returns how many."""
        if len(received) == 1:
            continue_trace(received[0].traceparent)
        async with self._postgres.transaction() as tx:
            known = await take_in(tx, self.name, [one.id for one in received])
            fresh = [one for one in _distinct(received) if one.id in known]
            if fresh:
                await self._handler(tx, fresh)
            crash_point(f"consumer.{self.name}.before-commit")
        crash_point(f"consumer.{self.name}.before-ack")
        self._committed()
        EVENTS_TAKEN.labels(self.durable).inc(len(fresh))
        EVENTS_REPEATED.labels(self.durable).inc(len(received) - len(fresh))
        return len(fresh)

    async def _failed(self, message: Msg, error: Exception) -> None:
        deliveries = message.metadata.num_delivered
        _log.warning("consumer.failed", consumer=self.durable, deliveries=deliveries, exc_info=error)
        EVENTS_FAILED.labels(self.durable).inc()
        if deliveries >= DELIVERIES_MAX and not isinstance(error, Unavailable):
            await self._bury(message, repr(error))
            return
        await message.nak(delay=delay_seconds(deliveries))

    async def _bury(self, message: Msg, error: str) -> None:
        headers = {name: value for name, value in (message.headers or {}).items()}  # noqa: C416 - a plain dict
        letter = Letter(
            consumer=self.name,
            event_id=_event_id(headers, message),
            subject=message.subject,
            headers=headers,
            body=message.data,
            error=error[:2000],
            deliveries=message.metadata.num_delivered,
        )
        try:
            await bury(self._postgres, letter)
        except Unavailable:
            await message.nak(delay=DELAY_SECONDS_MAX)
            return
        EVENTS_DEAD.labels(self.durable).inc()
        _log.error("consumer.dead_letter", consumer=self.durable, event_id=str(letter.event_id), error=error)
        await message.term()


def decode(message: Msg) -> Received:
    """The fact in a message.

    Raises:
        Undecodable: a header is missing, the type is unknown, or the body is not of that type.
    """
    return decode_parts(message.headers or {}, message.data)


def decode_parts(headers: dict[str, str], body: bytes) -> Received:
    try:
        name = headers[envelope.TYPE]
        sequence = headers.get(envelope.SEQUENCE)
        return Received(
            id=UUID(headers[envelope.ID]),
            type=name,
            at=datetime.fromisoformat(headers[envelope.TIME]),
            sequence=int(sequence) if sequence else None,
            traceparent=headers.get(envelope.TRACEPARENT),
            event=_DECODERS[name].decode(body),
        )
    except (KeyError, ValueError, msgspec.MsgspecError) as error:
        raise Undecodable(repr(error)) from error


def delay_seconds(deliveries: int) -> float:
    """Grows from half a second to a minute, with jitter so that a crowd does not come back at once."""
    longest = min(DELAY_SECONDS_MAX, 0.5 * 2 ** (deliveries - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreading load, not guarding a secret


def _distinct(received: Sequence[Received]) -> list[Received]:
    """The same fact twice in one batch (a redelivery that overtook) counts once."""
    return list({one.id: one for one in received}.values())


def _event_id(headers: dict[str, str], message: Msg) -> UUID:
    try:
        return UUID(headers[envelope.ID])
    except (KeyError, ValueError):
        return UUID(int=message.metadata.sequence.stream)
