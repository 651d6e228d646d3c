"""Reads one durable consumer of a stream, safely: effect and inbox row in one transaction, then the ack.

Messages are taken as they come, up to `pull.BATCH` at a time, and applied in one transaction. When that fails, its
halves are applied apart, and so on, so that one that cannot be applied holds up nobody. It is tried again with growing
delay and, after `DELIVERIES_MAX`, kept as a dead letter. While the database is away nothing is tried: that is nobody's
fault, and must not count against a message.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from shared.contracts import envelope
from shared.contracts.envelope import Event, Received
from shared.contracts.subjects import every, stream_of
from shared.kernel.faults import Unavailable
from shared.runtime.broker import Broker
from shared.runtime.crash import crash_point
from shared.runtime.facts import Undecodable, decode_parts
from shared.runtime.inbox import Letter, bury, take_in
from shared.runtime.logs import logger
from shared.runtime.metrics import EVENTS_DEAD, EVENTS_FAILED, EVENTS_REPEATED, EVENTS_TAKEN
from shared.runtime.pace import Pace
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.pull import BATCH, Pull
from shared.runtime.spans import span
from shared.runtime.tracing import continue_trace

DELIVERIES_MAX: Final = 8
DELIVERIES_MAX_UNAVAILABLE: Final = 100
"""For a fact whose handler says that something else is away: that may last an hour."""

DELAY_SECONDS_MAX: Final = 60
RESTART_SECONDS: Final = 0.5
ROUND_SECONDS_MIN: Final = 0.02
"""Between two transactions: what arrives meanwhile goes into the next one."""
HOLD_SECONDS: Final = 0.5
ERROR_CHARACTERS_MAX: Final = 2000

Handler = Callable[[Transaction, Sequence[Received]], Awaitable[None]]

_log = logger("consumer")


class Consumer:
    """`name` is the use case (`settle-use`); the durable is `<service>--<name>`. All events come from one owner.

    `round_seconds` is how long what arrives may wait for more to go with it; a full batch waits for nothing.
    `instead_of` are consumers of earlier versions that this one took the place of: it begins where the last of them
    stood, and the handler must bear to be given once more what the others have taken in.
    """

    def __init__(
        self,
        name: str,
        *,
        broker: Broker,
        postgres: Postgres,
        events: Sequence[type[Event]],
        handler: Handler,
        committed: Callable[[], None] = lambda: None,
        round_seconds: float = ROUND_SECONDS_MIN,
        instead_of: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.durable = f"{broker.service}--{name}"
        self._broker = broker
        self._postgres = postgres
        self._stream = stream_of(events[0].owner)
        self._filters = [every(event) for event in events]
        self._handler = handler
        self._committed = committed
        self._instead_of = [f"{broker.service}--{former}" for former in instead_of]
        self._pull: Pull | None = None
        self._pace = Pace(round_seconds)
        self._draining = False
        broker.when_connected(self._ask_again)

    async def run(self) -> None:
        """Runs until `drain`: whatever ends a session of pulling begins another one."""
        while not self._draining:
            try:
                await self._session()
            except (Unavailable, NatsError, OSError, TimeoutError) as error:
                _log.warning("consumer.interrupted", consumer=self.durable, error=repr(error))
                await asyncio.sleep(RESTART_SECONDS)
            except Exception as error:  # noqa: BLE001 - one consumer's bug must not take HTTP and the others down
                _log.error("consumer.broken", consumer=self.durable, exc_info=error)
                await asyncio.sleep(RESTART_SECONDS * 4)

    def drain(self) -> None:
        """Lets `run` return after the batch at hand; what was not begun is given back."""
        self._draining = True
        if self._pull is not None:
            self._pull.wake()

    def _ask_again(self) -> None:
        if self._pull is not None:
            self._pull.ask_again()

    async def _session(self) -> None:
        await self._broker.started()
        self._pull = pull = Pull(
            self._broker, self._stream, self.durable, filters=self._filters, instead_of=self._instead_of
        )
        try:
            await pull.open()
            while not self._draining:
                await self._pace.rest()
                messages = await pull.next()
                if len(messages) < BATCH:
                    self._pace.begin()
                await self._apply(messages)
        finally:
            self._pull = None
            await pull.close()

    async def _apply(self, messages: Sequence[Msg]) -> None:
        decoded: list[tuple[Msg, Received]] = []
        for message in messages:
            try:
                decoded.append((message, decode_parts(message.headers or {}, message.data)))
            except Undecodable as error:
                await self._bury(message, repr(error))
        if decoded:
            await self._apply_decoded(decoded)

    async def _apply_decoded(self, decoded: Sequence[tuple[Msg, Received]]) -> None:
        try:
            await self._take_when_possible(decoded)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the message must come again
            if len(decoded) == 1:
                await self._failed(decoded[0][0], error)
                return
            middle = len(decoded) // 2
            await self._apply_decoded(decoded[:middle])
            await self._apply_decoded(decoded[middle:])
        else:
            for message, _ in decoded:
                await message.ack()

    async def _take_when_possible(self, decoded: Sequence[tuple[Msg, Received]]) -> None:
        while True:
            try:
                await self.take([received for _, received in decoded])
            except Unavailable:
                if not await self._was_away([message for message, _ in decoded]):
                    raise
            else:
                return

    async def take(self, received: Sequence[Received]) -> int:
        """Applies those facts that the inbox does not know, in one transaction; returns how many."""
        continue_trace(received[0].traceparent if len(received) == 1 else None)
        with span(self.durable, "consumer", attributes={"messaging.batch.message_count": str(len(received))}):
            fresh = await self._take(received)
        crash_point(f"consumer.{self.name}.before-ack")
        self._committed()
        EVENTS_TAKEN.labels(self.durable).inc(len(fresh))
        EVENTS_REPEATED.labels(self.durable).inc(len(received) - len(fresh))
        return len(fresh)

    async def _take(self, received: Sequence[Received]) -> list[Received]:
        async with self._postgres.transaction() as tx:
            new = await take_in(tx, self.name, [one.id for one in received])
            fresh = [one for one in _distinct(received) if one.id in new]
            if fresh:
                await self._handler(tx, fresh)
            crash_point(f"consumer.{self.name}.before-commit")
        return fresh

    async def _was_away(self, messages: Sequence[Msg]) -> bool:
        """Whether the database was away; then it waits until it is back, and keeps hold of what was delivered."""
        waited = False
        while not await self._postgres.answers():
            if not waited:
                _log.warning("consumer.waiting_for_postgres", consumer=self.durable)
            waited = True
            held = [*messages, *(self._pull.waiting() if self._pull else ())]
            for message in held:
                await message.in_progress()
            await asyncio.sleep(HOLD_SECONDS)
        return waited

    async def _failed(self, message: Msg, error: Exception) -> None:
        deliveries = message.metadata.num_delivered
        _log.warning("consumer.failed", consumer=self.durable, deliveries=deliveries, exc_info=error)
        EVENTS_FAILED.labels(self.durable).inc()
        most = DELIVERIES_MAX_UNAVAILABLE if isinstance(error, Unavailable) else DELIVERIES_MAX
        if deliveries >= most:
            await self._bury(message, repr(error))
        else:
            await message.nak(delay=delay_seconds(deliveries))

    async def _bury(self, message: Msg, error: str) -> None:
        # PostgreSQL's text holds no NUL, and a foreign message may have one anywhere.
        headers = {name: value.replace("\0", "") for name, value in (message.headers or {}).items()}
        letter = Letter(
            consumer=self.name,
            event_id=_event_id(headers, message),
            subject=message.subject,
            headers=headers,
            body=message.data,
            error=error.replace("\0", "")[:ERROR_CHARACTERS_MAX],
            deliveries=message.metadata.num_delivered,
        )
        try:
            await bury(self._postgres, letter)
        except Unavailable:
            await message.nak(delay=delay_seconds(message.metadata.num_delivered))
            return
        EVENTS_DEAD.labels(self.durable).inc()
        _log.error("consumer.dead_letter", consumer=self.durable, event_id=str(letter.event_id), error=error)
        await message.term()


def delay_seconds(deliveries: int) -> float:
    """Grows from half a second to a minute, with jitter so that a crowd does not come back at once."""
    longest = min(DELAY_SECONDS_MAX, 0.5 * 2 ** min(deliveries - 1, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreading load, not guarding a secret


def _distinct(received: Sequence[Received]) -> list[Received]:
    """The same fact twice in one batch (a redelivery that overtook) counts once."""
    return list({one.id: one for one in received}.values())


def _event_id(headers: dict[str, str], message: Msg) -> UUID:
    try:
        return UUID(headers[envelope.ID])
    except (KeyError, ValueError):
        return UUID(int=message.metadata.sequence.stream)
