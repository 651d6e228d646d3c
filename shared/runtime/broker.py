"""The one door to NATS: a FastStream broker whose connection heals by itself, and the streams.

FastStream serves request/reply. JetStream is read by `consumer.Consumer` and written by `relay.Relay`, on the same
connection; docs/adr says what was seen of FastStream's own pull loop under faults.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

import msgspec
from faststream.nats import NatsBroker
from faststream.response import Response
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from shared.contracts.subjects import STREAMS
from shared.kernel.faults import Unavailable
from shared.runtime import headers
from shared.runtime.logs import logger
from shared.runtime.metrics import RPC_SECONDS
from shared.runtime.spans import span
from shared.runtime.tracing import continue_trace, current_traceparent

STREAM_AGE_DAYS: Final = 14
DEDUPE_SECONDS: Final = 600
REQUEST_SECONDS_MAX: Final = 2.5
API_SECONDS_MAX: Final = 2
"""A question to JetStream that went to a connection that dies is asked again this much later."""
STOP_SECONDS_MAX: Final = 1
STOP_HANDSHAKE_SECONDS_MAX: Final = 0.3
STOP_CANCELLED_SECONDS_MAX: Final = 0.05
CANCELS: Final = 3
"""nats-py's drain takes the first cancellation for the end of one of its waits, and begins the next."""

ERROR_HEADER: Final = "Paylinks-Error"

_log = logger("broker")
_In = TypeVar("_In")


class Broker:
    """Connects in the background and stays connected. What needs NATS while it is away raises Unavailable."""

    def __init__(self, url: str, service: str, *, on_closed: Callable[[], None], replicas: int = 1) -> None:
        """`replicas` is the number of servers that keep each stream: 3 in a cluster."""
        headers.install()
        self.service = service
        self._on_closed = on_closed
        self._on_connected: list[Callable[[], None]] = []
        self._stopping = False
        self._started = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None
        self._replicas = replicas
        self.faststream = NatsBroker(
            url,
            name=f"paylinks-{service}",
            # nats-py gives up for good after 60 attempts and notices a frozen server after 4 minutes by default.
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # pyright: ignore[reportArgumentType] - seconds; a float is fine for asyncio.sleep
            ping_interval=2,
            max_outstanding_pings=2,
            connect_timeout=2,
            pending_size=32 * 2**20,
            error_cb=self._error,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            closed_cb=self._closed,
            apply_types=False,
            logger=None,
            graceful_timeout=1,
        )

    @property
    def client(self) -> Client:
        """The connection.

        Raises:
            Unavailable: not connected right now.
        """
        if self._client is None or not self._client.is_connected:
            raise Unavailable("nats")
        return self._client

    @property
    def jetstream(self) -> JetStreamContext:
        """The same one always: a context may hold subscriptions, which live as long as the connection."""
        client = self.client
        if self._jetstream is None:
            self._jetstream = client.jetstream(timeout=API_SECONDS_MAX)
        return self._jetstream

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    def when_connected(self, listener: Callable[[], None]) -> None:
        """Calls `listener` after every connect and reconnect. It must neither raise nor block."""
        self._on_connected.append(listener)

    async def started(self) -> None:
        await self._started.wait()

    def start(self) -> None:
        """Begins to connect and returns at once: a service answers over HTTP while NATS is away."""
        self._task = asyncio.create_task(self._start(), name="broker-start")
        self._task.add_done_callback(self._start_ended)

    async def stop(self) -> None:
        """Answers what was asked already, sends what was published already, and disconnects."""
        self._stopping = True
        if self._task is not None:
            # Cancelled in the middle of a handshake, nats-py would leave its socket and tasks behind.
            await asyncio.wait([self._task], timeout=STOP_HANDSHAKE_SECONDS_MAX)
            self._task.cancel()
        if self._client is None:
            return
        # Where nobody answers there is nobody to drain to.
        ending = asyncio.ensure_future(self.faststream.stop() if self.connected else self._client.close())
        await asyncio.wait([ending], timeout=STOP_SECONDS_MAX)
        for _ in range(CANCELS):
            if not ending.done():
                ending.cancel()
                await asyncio.wait([ending], timeout=STOP_CANCELLED_SECONDS_MAX)
        if ending.done() and not ending.cancelled() and (error := ending.exception()):
            _log.info("broker.stop", error=repr(error))

    def reply(self, subject: str, request: type[_In], handler: Callable[[_In], Awaitable[object]]) -> None:
        """Answers `subject`; replicas share the work. The handler's Struct is the answer.

        A handler that raises answers with the header `Paylinks-Error`; the asker sees Unavailable and may ask again.
        """
        decoder = msgspec.json.Decoder(request)
        seconds = RPC_SECONDS.labels(subject)

        async def raw(message: Any) -> bytes:
            continue_trace(cast("dict[str, str]", message.headers or {}).get("traceparent"))
            return cast("bytes", message.body)

        async def answer(body: bytes) -> Response:
            try:
                with seconds.time(), span(subject, "server"):
                    return Response(msgspec.json.encode(await handler(decoder.decode(body))))
            except Exception as error:  # noqa: BLE001 - the asker must not wait in vain, whatever it was
                _log.warning("rpc.failed", subject=subject, exc_info=error)
                return Response(b"", headers={ERROR_HEADER: type(error).__name__})

        self.faststream.subscriber(subject, queue=self.service, decoder=cast("Any", raw), max_workers=64)(answer)

    async def request(self, subject: str, body: msgspec.Struct, answer: Any) -> Any:
        """Asks and waits for the answer, decoded as `answer` (a Struct or a union of tagged ones).

        Raises:
            Unavailable: nobody answered in time, or the answer is not one.
        """
        try:
            with span(subject, "client"):
                headers = {"traceparent": traceparent} if (traceparent := current_traceparent()) else None
                message = await self.client.request(
                    subject, msgspec.json.encode(body), timeout=REQUEST_SECONDS_MAX, headers=headers
                )
            if failed := (message.headers or {}).get(ERROR_HEADER):
                _log.warning("rpc.refused", subject=subject, error=failed)
                raise Unavailable(subject.split(".", 1)[0])
            return msgspec.json.decode(message.data, type=answer)
        except (NatsError, TimeoutError, OSError, msgspec.MsgspecError) as error:
            _log.warning("rpc.unanswered", subject=subject, error=repr(error))
            raise Unavailable(subject.split(".", 1)[0]) from error

    async def ensure_streams(self) -> None:
        """Makes the streams that are missing; leaves those that exist to whoever runs the cluster."""
        for name, patterns in STREAMS.items():
            try:
                await self.jetstream.stream_info(name)
            except NotFoundError:
                await self._add_stream(name, patterns)

    async def stream_made_at(self, name: str) -> datetime:
        """When the stream was made; whatever was published before is not in it."""
        info = await self.jetstream.stream_info(name)
        return info.created or datetime.fromtimestamp(0, UTC)

    async def retire(self, stream: str, durable: str) -> None:
        """Ends a durable of an earlier version, which nobody reads any more."""
        with suppress(NotFoundError):
            await self.jetstream.delete_consumer(stream, durable)

    async def _add_stream(self, name: str, patterns: Sequence[str]) -> None:
        config = StreamConfig(
            name=name,
            subjects=list(patterns),
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.OLD,
            # Bounded by age, not by bytes: at a limit in bytes the oldest facts would vanish before a consumer that
            # lags has seen them. A full disk refuses new ones instead, and they wait in the outbox.
            max_age=STREAM_AGE_DAYS * 86_400,
            duplicate_window=DEDUPE_SECONDS,
            num_replicas=self._replicas,
            allow_atomic=True,
        )
        try:
            await self.jetstream.add_stream(config)
        except BadRequestError:  # another replica was a moment faster
            await self.jetstream.stream_info(name)

    async def _start(self) -> None:
        while True:
            try:
                self._client = await self.faststream.connect()
                await self.ensure_streams()
                await self.faststream.start()
            except (NatsError, OSError, TimeoutError, Unavailable) as error:
                _log.warning("broker.start", error=repr(error))
                await asyncio.sleep(0.5)
            else:
                break
        _log.info("broker.connected")
        self._started.set()
        self._tell()

    def _start_ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            _log.error("broker.start_failed", exc_info=error)
            self._on_closed()

    def _tell(self) -> None:
        for listener in self._on_connected:
            listener()

    # An exception in one of these kills nats-py's reconnecting for ever: they only log and set flags.

    async def _error(self, error: Exception) -> None:
        _log.warning("broker.error", error=repr(error))

    async def _disconnected(self) -> None:
        _log.warning("broker.disconnected")

    async def _reconnected(self) -> None:
        _log.info("broker.reconnected")
        self._tell()

    async def _closed(self) -> None:
        if not self._stopping:
            _log.error("broker.closed")
            self._on_closed()
