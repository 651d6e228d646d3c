"""Publishes the outbox. Of all replicas of a service one relays, so that facts leave in the order they were written.

Written, then published, then marked: a crash anywhere in between publishes again under the same `Nats-Msg-Id`, which
the stream's dedupe window and every consumer's inbox recognise.
"""

import asyncio
import zlib
from collections.abc import Sequence
from typing import Any, Final, cast

import asyncpg
from nats.errors import Error as NatsError

from shared.contracts import envelope
from shared.contracts.subjects import outbox_wake
from shared.kernel.faults import Unavailable
from shared.kernel.moment import to_wire
from shared.runtime import outbox
from shared.runtime.broker import Broker
from shared.runtime.crash import crash_point
from shared.runtime.logs import logger
from shared.runtime.metrics import EVENTS_PUBLISHED, OUTBOX_WAITING
from shared.runtime.outbox import Wake
from shared.runtime.postgres import CONNECT_SECONDS_MAX, Record
from shared.runtime.queries import statements

BATCH: Final = 256
POLL_SECONDS: Final = 0.5
ACK_SECONDS_MAX: Final = 5
LEAD_POLL_SECONDS: Final = 1.0

_sql = statements(outbox.__file__)
_log = logger("relay")


class Relay:
    """Runs for as long as the service does. `wake` is rung after commits; polling covers every bell that is lost."""

    def __init__(self, dsn: str, broker: Broker, wake: Wake) -> None:
        self._dsn = dsn
        self._broker = broker
        self._owner = broker.service
        self._lock = zlib.crc32(f"paylinks-relay-{self._owner}".encode())
        self._bell = asyncio.Event()
        self.leading = False
        wake.listen(self._ring)

    async def run(self) -> None:
        while True:
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
            finally:
                self.leading = False

    def _ring(self) -> None:
        self._bell.set()
        if not self.leading and self._broker.connected:
            # The relay lives in another replica: ring there. A bell that is lost costs one polling interval.
            task = asyncio.ensure_future(self._broker.client.publish(outbox_wake(self._owner)))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _session(self) -> None:
        """Leads while the connection that holds the lock lives; losing it means losing the lead."""
        await self._broker.started()
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_SECONDS_MAX,
            command_timeout=10,
            server_settings={"application_name": f"paylinks-{self._owner}-relay", "statement_timeout": "8s"},
        )
        bell = None
        try:
            while not await connection.fetchval(_sql["lead"], self._lock):  # noqa: ASYNC110 - PostgreSQL holds the lock and cannot ring
                await asyncio.sleep(LEAD_POLL_SECONDS)
            self.leading = True
            bell = await self._broker.client.subscribe(outbox_wake(self._owner), cb=self._rung)
            while True:
                if await self._publish_batch(connection) < BATCH:
                    await self._wait()
        finally:
            self.leading = False
            if bell is not None and self._broker.connected:
                await bell.unsubscribe()
            try:
                await asyncio.wait_for(connection.close(), 2)
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def _rung(self, _: object) -> None:
        self._bell.set()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._bell.wait(), POLL_SECONDS)
        except TimeoutError:
            return
        finally:
            self._bell.clear()

    async def _publish_batch(self, connection: "asyncpg.Connection[Record]") -> int:
        self._bell.clear()
        rows = cast("Sequence[Record]", await connection.fetch(_sql["number_and_take"], BATCH))
        OUTBOX_WAITING.set(len(rows))
        if not rows:
            return 0
        crash_point("relay.taken")
        sent = await self._publish(rows)
        crash_point("relay.published")
        if sent:
            await connection.execute(_sql["mark_sent"], sent)
            EVENTS_PUBLISHED.inc(len(sent))
        if len(sent) < len(rows):
            raise Unavailable("nats")
        return len(rows)

    async def _publish(self, rows: Sequence[Record]) -> list[Any]:
        """Ids of those that the stream has acknowledged. A missing answer is unknown, not failed: it goes again."""
        jetstream = self._broker.jetstream
        acks = [
            await jetstream.publish_async(row["subject"], row["data"], headers=headers_of(row, self._owner))
            for row in rows
        ]
        _, waiting = await asyncio.wait(acks, timeout=ACK_SECONDS_MAX)
        for ack in waiting:
            ack.cancel()
        return [
            row["id"]
            for row, ack in zip(rows, acks, strict=True)
            if not ack.cancelled() and ack.done() and not ack.exception()
        ]


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
