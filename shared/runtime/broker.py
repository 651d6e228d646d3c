"""The one door to NATS: a FastStream broker whose connection heals by itself, and the streams.

FastStream serves request/reply. JetStream is read by `consumer.Consumer` and written by `relay.Relay`, on the same
connection; docs/adr says what was seen of FastStream's own pull loop under faults.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from shared.contracts.subjects import STREAMS
from shared.kernel.faults import Unavailable
from shared.runtime.logs import logger
from shared.runtime.metrics import RPC_SECONDS
from shared.runtime.tracing import continue_trace, current_traceparent

STREAM_AGE_DAYS: Final = 14
DEDUPE_SECONDS: Final = 600
REQUEST_SECONDS_MAX: Final = 2.5
STREAM_BYTES_MAX: Final = 8 * 2**30

_log = logger("broker")
_In = TypeVar("_In")


class Broker:
    """Connects in the background and stays connected. What needs NATS while it is away raises Unavailable."""

    def __init__(self, url: str, service: str, *, on_closed: Callable[[], None]) -> None:
        self.service = service
        self._on_closed = on_closed
        self._on_connected: list[Callable[[], None]] = []
        self._stopping = False
        self._started = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._replicas = 1
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
            graceful_timeout=3,
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
        return self.client.jetstream()

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    def when_connected(self, listener: Callable[[], None]) -> None:
        self._on_connected.append(listener)

    async def started(self) -> None:
        await self._started.wait()

    def start(self) -> None:
        """Begins to connect and returns at once: a service answers over HTTP while NATS is away."""
        self._task = asyncio.create_task(self._start(), name="broker-start")

    async def stop(self) -> None:
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
        try:
            await asyncio.wait_for(self.faststream.stop(), 4)
        except (NatsError, OSError, TimeoutError, RuntimeError) as error:
            _log.info("broker.stop", error=repr(error))

    def reply(self, subject: str, request: type[_In], handler: Callable[[_In], Awaitable[object]]) -> None:
        """Answers `subject`; replicas share the work. The handler's Struct is the answer.

        A handler that raises answers with the header `Paylinks-Error`; the asker sees Unavailable and may ask again.
        """
        decoder = msgspec.json.Decoder(request)
        seconds = RPC_SECONDS.labels(subject)

        async def decode(message: Any) -> _In:
            continue_trace(cast("dict[str, str]", message.headers or {}).get("traceparent"))
            return decoder.decode(message.body)

        async def answer(body: _In) -> bytes:
            with seconds.time():
                return msgspec.json.encode(await handler(body))

        self.faststream.subscriber(subject, queue=self.service, decoder=cast("Any", decode), max_workers=64)(answer)

    async def request(self, subject: str, body: msgspec.Struct, answer: Any) -> Any:
        """Asks and waits for the answer, decoded as `answer` (a Struct or a union of tagged ones).

        Raises:
            Unavailable: nobody answered in time, or the answer is not one.
        """
        headers = {"traceparent": traceparent} if (traceparent := current_traceparent()) else None
        try:
            message = await self.client.request(
                subject, msgspec.json.encode(body), timeout=REQUEST_SECONDS_MAX, headers=headers
            )
            return msgspec.json.decode(message.data, type=answer)
        except (NoRespondersError, NatsError, TimeoutError, OSError, msgspec.MsgspecError) as error:
            _log.warning("rpc.unanswered", subject=subject, error=repr(error))
            raise Unavailable(subject.split(".", 1)[0]) from error

    async def ensure_streams(self) -> None:
        """Makes the streams that are missing; leaves those that exist to whoever runs the cluster."""
        for name, patterns in STREAMS.items():
            try:
                await self.jetstream.stream_info(name)
            except NotFoundError:
                try:
                    await self.jetstream.add_stream(
                        StreamConfig(
                            name=name,
                            subjects=list(patterns),
                            retention=RetentionPolicy.LIMITS,
                            storage=StorageType.FILE,
                            discard=DiscardPolicy.OLD,
                            max_age=STREAM_AGE_DAYS * 86_400,
                            max_bytes=STREAM_BYTES_MAX,
                            duplicate_window=DEDUPE_SECONDS,
                            num_replicas=self._replicas,
                        )
                    )
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
