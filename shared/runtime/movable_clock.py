"""The clock of a stack in test mode: real time, and what `paylinks clock advance` has added to it.

Domain time alone moves. Timeouts, caches, leases of the bus and rate limits go by the monotonic clock, and whoever
speaks with other machines (signatures of providers and webhooks) by real time.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from nats.js.errors import BucketNotFoundError, KeyNotFoundError, NotFoundError
from nats.js.kv import KeyValue

from shared.contracts.operator import ClockTold, ShowClock
from shared.contracts.subjects import clock_show
from shared.kernel.faults import Unavailable
from shared.kernel.moment import utc_now
from shared.runtime.broker import Broker
from shared.runtime.logs import logger

BUCKET: Final = "paylinks_clock"
KEY: Final = "offset_seconds"
POLL_SECONDS: Final = 0.5
OFFSET_SECONDS_MAX: Final = 10 * 366 * 86_400

_log = logger("clock")


class MovableClock:
    """`known` is set once the offset was read for the first time."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self.known = asyncio.Event()

    def __call__(self) -> datetime:
        return utc_now() + self._offset

    async def follow(self, broker: Broker) -> None:
        """Keeps in step with the others for ever. While NATS is away, what was known last goes on."""
        await broker.started()
        while True:
            try:
                self._offset = timedelta(seconds=await read_offset(broker.jetstream))
                self.known.set()
            except (NatsError, TimeoutError, OSError, Unavailable) as error:
                _log.debug("clock.unknown", error=repr(error))
            await asyncio.sleep(POLL_SECONDS)

    def before(self, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], Coroutine[Any, Any, None]]:
        """The same work, begun as soon as it is known what time it is: nothing may happen in the past."""

        @wraps(work)
        async def in_time() -> None:
            await self.known.wait()
            await work()

        return in_time

    async def tell(self, _: ShowClock) -> ClockTold:
        await self.known.wait()
        return ClockTold(now=self(), offset_seconds=int(self._offset.total_seconds()))


def answer_clock(broker: Broker, clock: MovableClock) -> None:
    broker.reply(clock_show(broker.service), ShowClock, clock.tell)


async def read_offset(jetstream: JetStreamContext) -> int:
    """Seconds that time was moved by; 0 where it never was.

    Raises:
        NatsError, TimeoutError, OSError: nobody can say now.
    """
    try:
        entry = await (await jetstream.key_value(BUCKET)).get(KEY)
    except (BucketNotFoundError, KeyNotFoundError, NotFoundError):
        return 0
    return _seconds(entry.value)


async def write_offset(jetstream: JetStreamContext, seconds: int) -> None:
    """Raises: NatsError, TimeoutError, OSError: nobody keeps it now."""
    await (await _bucket(jetstream)).put(KEY, str(seconds).encode())


async def _bucket(jetstream: JetStreamContext) -> KeyValue:
    """As safe as the facts: on as many servers."""
    try:
        return await jetstream.key_value(BUCKET)
    except BucketNotFoundError:
        replicas = (await jetstream.stream_info("LINKS")).config.num_replicas or 1
        return await jetstream.create_key_value(KeyValueConfig(bucket=BUCKET, history=1, replicas=replicas))


def _seconds(value: bytes | None) -> int:
    """Whatever somebody else has written there moves nothing."""
    text = (value or b"").decode("ascii", "replace")
    return min(int(text), OFFSET_SECONDS_MAX) if text.isdigit() and len(text) <= len(str(OFFSET_SECONDS_MAX)) else 0
