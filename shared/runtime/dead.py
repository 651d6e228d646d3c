"""Dead letters over the bus: what `paylinks dead` asks each service."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts.subjects import dead_letters
from shared.runtime import inbox
from shared.runtime.broker import Broker
from shared.runtime.consumer import Consumer
from shared.runtime.facts import decode_parts
from shared.runtime.postgres import Postgres

LIST_MAX = 500


class ListDead(msgspec.Struct, frozen=True):
    replayed: bool = False
    limit: int = 50


class OneDead(msgspec.Struct, frozen=True):
    event_id: UUID


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    service: str
    consumer: str
    event_id: UUID
    subject: str
    error: str
    deliveries: int
    died_at: datetime
    replayed_at: datetime | None
    headers: dict[str, str] = {}
    body: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """Per consumer: `done`, or the error it failed with again."""

    outcomes: dict[str, str]


class DeadLetters:
    """Answers list, show and replay for one service. The inbox guards a replay: its effect happens once."""

    def __init__(self, broker: Broker, postgres: Postgres, consumers: Sequence[Consumer]) -> None:
        self._service = broker.service
        self._postgres = postgres
        self._consumers = {consumer.name: consumer for consumer in consumers}
        broker.reply(dead_letters(self._service, "list"), ListDead, self.list)
        broker.reply(dead_letters(self._service, "show"), OneDead, self.show)
        broker.reply(dead_letters(self._service, "replay"), OneDead, self.replay)

    async def list(self, ask: ListDead) -> list[DeadLetter]:
        rows = await inbox.list_dead(self._postgres, replayed=ask.replayed, limit=min(ask.limit, LIST_MAX))
        return [self._letter(row) for row in rows]

    async def show(self, ask: OneDead) -> "list[DeadLetter]":
        rows = await inbox.show_dead(self._postgres, ask.event_id)
        return [
            self._letter(row, headers=msgspec.json.decode(row["headers"]), body=row["body"].decode(errors="replace"))
            for row in rows
        ]

    async def replay(self, ask: OneDead) -> Replayed:
        outcomes: dict[str, str] = {}
        for row in await inbox.show_dead(self._postgres, ask.event_id):
            name = row["consumer"]
            try:
                await self._consumers[name].take([decode_parts(msgspec.json.decode(row["headers"]), row["body"])])
            except Exception as error:  # noqa: BLE001 - the person who asked is told, and the letter stays
                outcomes[name] = repr(error)
            else:
                await inbox.mark_replayed(self._postgres, name, ask.event_id)
                outcomes[name] = "done"
        return Replayed(outcomes)

    def _letter(self, row: Any, *, headers: dict[str, str] | None = None, body: str = "") -> DeadLetter:
        return DeadLetter(
            service=self._service,
            consumer=row["consumer"],
            event_id=row["event_id"],
            subject=row["subject"],
            error=row["error"],
            deliveries=row["deliveries"],
            died_at=row["died_at"],
            replayed_at=row["replayed_at"],
            headers=headers or {},
            body=body,
        )
