"""Writing facts. They commit with the change that they announce and are published by the relay afterwards."""

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from shared.contracts import subjects
from shared.contracts.envelope import Event, type_of
from shared.kernel.faults import Unavailable
from shared.kernel.ids import new_id
from shared.runtime.metrics import OUTBOX_OLDEST_SECONDS, OUTBOX_WAITING
from shared.runtime.postgres import PROBE_SECONDS_MAX, Postgres, Transaction
from shared.runtime.queries import statements
from shared.runtime.tracing import current_traceparent

_sql = statements(__file__)
_encoder = msgspec.json.Encoder()

Fact: TypeAlias = tuple[UUID, str, str, UUID | None, bytes, str | None]
"""A row of the outbox: id, type, subject, link_id, data, traceparent."""


SOON_SECONDS: Final = 0.2


class Wake:
    """A hint that the outbox has something new. Losing one only costs the relay's polling interval."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []
        self._soon_again = 0.0
        self._soon: asyncio.TimerHandle | None = None

    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def __call__(self) -> None:
        for listener in self._listeners:
            listener()

    def soon(self) -> None:
        """As a call, but of many within SOON_SECONDS the first rings at once and the last rings for the others.

        For facts that come in crowds and that nobody waits for: each round of the relay, and of all that follow it,
        costs the same with one fact as with fifty.
        """
        if self._soon is not None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._soon_again:
            self._ring_soon()
        else:
            self._soon = loop.call_at(self._soon_again, self._ring_soon)

    def _ring_soon(self) -> None:
        self._soon = None
        self._soon_again = asyncio.get_running_loop().time() + SOON_SECONDS
        self()


def columns(
    events: Sequence[Event], now: datetime, traceparents: Sequence[str | None] | None = None
) -> tuple[list[Any], ...]:
    """The events as parallel arrays (id, type, subject, link_id, data, traceparent, created_at).

    For statements that write a change and its facts in one round trip: `INSERT INTO outbox (…)
    SELECT * FROM unnest(…)`.
    """
    if traceparents is None:
        traceparents = [current_traceparent()] * len(events)
    return (
        [new_id() for _ in events],
        [type_of(type(event)) for event in events],
        [subjects.event_subject(type(event), event.org_id) for event in events],
        [event.link_id for event in events],
        [_encoder.encode(event) for event in events],
        list(traceparents),
        [now for _ in events],
    )


async def add(
    tx: Transaction,
    events: Sequence[Event],
    *,
    now: datetime,
    traceparents: Sequence[str | None] | None = None,
) -> None:
    if events:
        await tx.execute(_sql["add_events"], *columns(events, now, traceparents))


def one(event: Event) -> Fact:
    """One event as single values, for statements that write a change and its fact."""
    return (
        new_id(),
        type_of(type(event)),
        subjects.event_subject(type(event), event.org_id),
        event.link_id,
        _encoder.encode(event),
        current_traceparent(),
    )


async def measure(postgres: Postgres, now: datetime) -> None:
    """Brings the gauges of the outbox up to date, for whoever is about to read them; not a number: nobody knows.

    Counted when they are read, since the relay knows one batch at most, and none while NATS is away.
    """
    try:
        async with asyncio.timeout(PROBE_SECONDS_MAX):
            row = await postgres.fetchrow(_sql["count_unsent"])
    except (Unavailable, TimeoutError):
        row = None
    waiting, oldest = (row["waiting"], row["oldest"]) if row else (math.nan, None)
    OUTBOX_WAITING.set(waiting)
    OUTBOX_OLDEST_SECONDS.set(waiting if oldest is None else max(0.0, (now - oldest).total_seconds()))
