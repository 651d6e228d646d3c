"""Publishes the outbox. Of all replicas of a service one relays, so that facts leave in the order they were written.

Written, then numbered, then published, then marked: a crash anywhere in between publishes again under the same number
and the same `Nats-Msg-Id`, which the stream's dedupe window and every consumer's inbox recognise.
"""

import asyncio
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, TypeAlias, cast

import asyncpg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from shared.contracts import envelope
from shared.contracts.subjects import outbox_wake, stream_of
from shared.kernel.faults import Unavailable
from shared.kernel.moment import to_wire, utc_now
from shared.runtime import outbox
from shared.runtime.broker import Broker
from shared.runtime.crash import crash_point
from shared.runtime.logs import logger
from shared.runtime.metrics import EVENTS_PUBLISHED
from shared.runtime.outbox import Wake
from shared.runtime.pace import Pace
from shared.runtime.postgres import CONNECT_SECONDS_MAX, Record
from shared.runtime.publisher import Outgoing, Publisher
from shared.runtime.queries import statements

BATCH: Final = 512
POLL_SECONDS: Final = 0.5
ROUND_SECONDS_MIN: Final = 0.02
"""Between two rounds that are not full: a payment writes several facts, and each round costs a commit or two."""
CROWD: Final = 24
CROWD_SECONDS: Final = 0.06
"""Where so many facts come in this time, rounds are that far apart, and what they take goes out as one batch."""
ACK_SECONDS_MAX: Final = 5
LEAD_POLL_SECONDS: Final = 1.0

SESSION: Final = {
    "statement_timeout": "8s",
    # The lead is a lock of this connection. The server must notice soon when the other end has vanished: a process
    # that is frozen (a leader asks at least every POLL_SECONDS + ACK_SECONDS_MAX), or a machine that is gone.
    "idle_session_timeout": "12s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
    # Hardly any row waits, say the statistics, and so PostgreSQL expects a batch of one: it would compare each row of a
    # full batch with each (50 ms instead of 6). Hashing costs nothing where there is one.
    "enable_nestloop": "off",
}

Connection: TypeAlias = "asyncpg.Connection[Record]"

_sql = statements(outbox.__file__)
_log = logger("relay")


class Relay:
    """Runs until `drain`. `wake` is rung after commits; polling covers every bell that is lost.

    `mark_sent` is the statement that says of facts, by their positions, that the stream has had them since a time; a
    service may have one that does more with them than to say so.
    """

    def __init__(self, dsn: str, broker: Broker, wake: Wake, *, mark_sent: str | None = None) -> None:
        self._dsn = dsn
        self._mark_sent = mark_sent or _sql["mark_sent"]
        self._broker = broker
        self._owner = broker.service
        self._lock = zlib.crc32(f"paylinks-relay-{self._owner}".encode())
        self._bell = asyncio.Event()
        self._pace = Pace(ROUND_SECONDS_MIN, crowd=CROWD, crowd_seconds=CROWD_SECONDS)
        self._ringing: asyncio.Task[None] | None = None
        self._publisher: Publisher | None = None
        self._reconnected = False
        self._draining = False
        self.leading = False
        wake.listen(self._ring)
        broker.when_connected(self._after_connect)

    async def run(self) -> None:
        while not self._draining:
            try:
                await self._session()
            except (
                Unavailable,
                NatsError,
                OSError,
                TimeoutError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
            ) as error:
                _log.warning("relay.interrupted", error=repr(error))
                await asyncio.sleep(POLL_SECONDS)

    def drain(self) -> None:
        """Lets `run` return once everything that has committed is published, or at once when another one leads."""
        self._draining = True
        self._bell.set()

    def _ring(self) -> None:
        self._bell.set()
        if self.leading or not self._broker.connected or (self._ringing is not None and not self._ringing.done()):
            return
        # The relay lives in another replica: ring there. A bell that is lost costs one polling interval.
        self._ringing = asyncio.create_task(self._ring_elsewhere())

    async def _ring_elsewhere(self) -> None:
        with suppress(Unavailable, NatsError, OSError):
            await self._broker.client.publish(outbox_wake(self._owner))

    def _after_connect(self) -> None:
        self._reconnected = True
        if self._publisher is not None:
            self._publisher.abandon()
        self._bell.set()

    async def _session(self) -> None:
        """Leads while the connection that holds the lock lives; losing it means losing the lead."""
        await self._broker.started()
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_SECONDS_MAX,
            command_timeout=10,
            server_settings={"application_name": f"paylinks-{self._owner}-relay", **SESSION},
        )
        bell: Subscription | None = None
        try:
            while not await connection.fetchval(_sql["lead"], self._lock):
                if self._draining:
                    return
                await asyncio.sleep(LEAD_POLL_SECONDS)
            self.leading = True
            self._publisher = publisher = Publisher(self._broker.client)
            await publisher.open()
            bell = await self._broker.client.subscribe(outbox_wake(self._owner), cb=self._rung)
            await self._lead(connection, publisher)
        finally:
            self.leading = False
            with suppress(NatsError, OSError):
                if self._publisher is not None:
                    await self._publisher.close()
                if bell is not None:
                    await bell.unsubscribe()
            self._publisher = None
            await _close(connection)

    async def _lead(self, connection: Connection, publisher: Publisher) -> None:
        self._reconnected = True
        while True:
            if self._reconnected:
                self._reconnected = False
                await self._refill_lost_stream(connection)
                while await self._publish_batch(connection, publisher, "take_numbered"):
                    pass
            self._pace.begin()
            taken = await self._publish_batch(connection, publisher, "number_and_take")
            self._pace.took(taken)
            if taken < BATCH:
                if self._draining:
                    return
                await self._wait()
                await self._pace.rest()

    async def _refill_lost_stream(self, connection: Connection) -> None:
        """A server that comes back with an empty store gets the stream, and all that the outbox still has."""
        await self._broker.ensure_streams()
        made_at = await self._broker.stream_made_at(stream_of(self._owner))
        while await connection.execute(_sql["unsend_lost"], made_at) != "UPDATE 0":
            _log.warning("relay.refilling", made_at=to_wire(made_at))

    async def _rung(self, _: object) -> None:
        self._bell.set()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._bell.wait()
        self._bell.clear()

    async def _publish_batch(self, connection: Connection, publisher: Publisher, take: str) -> int:
        rows = cast("Sequence[Record]", await connection.fetch(_sql[take], BATCH))
        if not rows:
            return 0
        crash_point("relay.taken")
        messages = [Outgoing(row["subject"], row["data"], headers_of(row, self._owner)) for row in rows]
        acknowledged = await publisher.publish(messages, ACK_SECONDS_MAX)
        crash_point("relay.published")
        sent = [row["position"] for row, stored in zip(rows, acknowledged, strict=True) if stored]
        if sent:
            await self._mark(connection, sent)
            EVENTS_PUBLISHED.inc(len(sent))
        if len(sent) < len(rows):
            raise Unavailable("nats")
        return len(rows)

    async def _mark(self, connection: Connection, positions: Sequence[int]) -> None:
        try:
            await connection.execute(self._mark_sent, positions, utc_now())
        except asyncpg.DataError as error:
            # Published they are. One that the service's own statement cannot take must not hold up all others for ever.
            if len(positions) > 1:
                for position in positions:
                    await self._mark(connection, [position])
                return
            _log.error("relay.only_marked", position=positions[0], error=repr(error))
            await connection.execute(_sql["mark_sent"], positions, utc_now())


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=1)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


def headers_of(row: Record, owner: str) -> dict[str, str]:
    """CloudEvents 1.0 attributes of an outbox row, as NATS headers."""
    headers = {
        envelope.MSG_ID: str(row["id"]),
        envelope.SPECVERSION: "1.0",
        envelope.ID: str(row["id"]),
        envelope.TYPE: row["type"],
        envelope.SOURCE: f"paylinks/{owner}",
        envelope.TIME: to_wire(row["created_at"]),
        "content-type": "application/json",
    }
    if row["link_id"] is not None:
        headers[envelope.SUBJECT] = str(row["link_id"])
        headers[envelope.SEQUENCE] = str(row["link_seq"])
    if row["traceparent"] is not None:
        headers[envelope.TRACEPARENT] = row["traceparent"]
    return headers
