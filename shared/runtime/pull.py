"""One session of reading a durable consumer of a stream: it is made when missing, asked, and listened to.

The server is trusted only as long as it is heard: heartbeats come every two seconds, and silence ends the session.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from shared.kernel.faults import Unavailable
from shared.runtime.broker import Broker

BATCH: Final = 256
ASK: Final = 2 * BATCH
"""Asked for at once, so that the next batch is on its way while one is applied."""

ACK_WAIT_SECONDS: Final = 10
"""How long a message stays with a process that was killed before another one gets it."""

PULL_SECONDS: Final = 30
HEARTBEAT_SECONDS: Final = 2
SILENCE_SECONDS_MAX: Final = 5


class Pull:
    def __init__(
        self, broker: Broker, stream: str, durable: str, *, filters: Sequence[str], instead_of: Sequence[str] = ()
    ) -> None:
        """`instead_of` are durables of earlier versions, whose work this one goes on with."""
        self._instead_of = instead_of
        self._broker = broker
        self._stream = stream
        self._durable = durable
        self._filters = sorted(filters)
        self._client: Client = broker.client
        self._inbox = self._client.new_inbox()
        self._subscription: Subscription | None = None
        self._asked = 0
        self._wanted = 0
        self._arrived: deque[Msg] = deque()
        self._over: str | None = None
        self._heard = asyncio.Event()
        self._woken = False

    async def open(self) -> None:
        await self._ensure()
        self._subscription = await self._client.subscribe(f"{self._inbox}.*", cb=self._arrive)

    async def close(self) -> None:
        """Gives back what was not taken, so that it need not wait for its time to run out."""
        with suppress(NatsError, OSError):
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            for message in self._arrived:
                await message.nak()

    def ask_again(self) -> None:
        """After a reconnect: the server has forgotten what it was asked."""
        self._wanted = 0
        self._heard.set()

    def wake(self) -> None:
        """Makes `next` return, with nothing if there is nothing."""
        self._woken = True
        self._heard.set()

    def waiting(self) -> Iterable[Msg]:
        """What has arrived and was not taken yet."""
        return tuple(self._arrived)

    async def next(self) -> list[Msg]:
        """Up to BATCH messages; waits for the first one.

        Raises:
            Unavailable: the server is silent, or says that this is over (consumer deleted, leadership changed …).
        """
        while True:
            if self._wanted <= 0 and self._over is None and len(self._arrived) <= BATCH:
                await self._ask()
            if self._arrived or self._woken:
                self._woken = False
                return [self._arrived.popleft() for _ in range(min(BATCH, len(self._arrived)))]
            if self._over is not None:
                raise Unavailable(f"nats: {self._over}")
            self._heard.clear()
            try:
                async with asyncio.timeout(SILENCE_SECONDS_MAX):
                    await self._heard.wait()
            except TimeoutError:
                raise Unavailable("nats: silent") from None

    async def _ensure(self) -> None:
        """Makes the durable when it is missing: new, deleted at run time, or lost with the server's store."""
        jetstream = self._broker.jetstream
        try:
            info = await jetstream.consumer_info(self._stream, self._durable)
            if sorted(info.config.filter_subjects or []) == self._filters:
                return
        except NotFoundError:
            await self._broker.ensure_streams()
        before = await self._before()
        await jetstream.add_consumer(
            self._stream,
            ConsumerConfig(
                durable_name=self._durable,
                filter_subjects=self._filters,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_SECONDS,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE if before else DeliverPolicy.ALL,
                opt_start_seq=min(before.values()) + 1 if before else None,
                max_deliver=-1,  # the application counts: the server's cap does not survive every crash
                max_ack_pending=8 * BATCH,
            ),
        )
        for durable in before:
            await self._broker.retire(self._stream, durable)

    async def _before(self) -> dict[str, int]:
        """The durables that this one replaces, and up to where each has taken in everything."""
        found: dict[str, int] = {}
        for durable in self._instead_of:
            with suppress(NotFoundError):
                info = await self._broker.jetstream.consumer_info(self._stream, durable)
                found[durable] = info.ack_floor.stream_seq if info.ack_floor else 0
        return found

    async def _ask(self) -> None:
        ask = {
            "batch": ASK,
            "expires": PULL_SECONDS * 1_000_000_000,
            "idle_heartbeat": HEARTBEAT_SECONDS * 1_000_000_000,
        }
        self._asked += 1
        self._wanted = ASK
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}"
        await self._client.publish(subject, json.dumps(ask).encode(), reply=f"{self._inbox}.{self._asked}")

    async def _arrive(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status")
        if status is None or message.reply.startswith("$JS.ACK"):
            self._arrived.append(message)
            self._wanted -= 1
        elif message.subject == f"{self._inbox}.{self._asked}":  # of an earlier pull nothing matters any more
            if status == "408":  # it has run its time
                self._wanted = 0
            elif status != "100":  # 100 is a heartbeat; 409 deleted, leadership change …; 503 nobody there
                self._over = f"{status} {(message.headers or {}).get('Description', '')}".strip()
        self._heard.set()
