"""What checkout hears on the bus."""

import asyncio
from typing import Final
from uuid import UUID

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.checkout.use_cases.live import Live
from services.checkout.use_cases.open_for_peer import OpenForPeer
from services.checkout.use_cases.project_links import ProjectLinks
from shared.contracts import links
from shared.contracts.checkout import OpenCheckoutSession
from shared.contracts.subjects import SESSION_OPEN
from shared.kernel.faults import Unavailable
from shared.runtime.broker import Broker
from shared.runtime.consumer import Consumer
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

_log = logger("bus")
_LINK_FACTS: Final = (
    links.LinkCreated,
    links.LinkUpdated,
    links.LinkPaused,
    links.LinkResumed,
    links.LinkEnded,
    links.UseHeld,
    links.UseSettled,
    links.UseReleased,
    links.UseRefused,
    links.OrganizationUpdated,
)
LINGER_SECONDS: Final = 5.0
_NEWS_SUBJECTS: Final = ("checkout.evt.v1.*.charge.*", "checkout.evt.v1.*.session.*")


def answer(broker: Broker, open_for_peer: OpenForPeer) -> None:
    """Subscribes to the questions. Asking twice is safe with an idempotency key."""
    broker.reply(SESSION_OPEN, OpenCheckoutSession, open_for_peer)


def project_links(broker: Broker, postgres: Postgres, project: ProjectLinks) -> Consumer:
    return Consumer(
        "project-links",
        broker=broker,
        postgres=postgres,
        events=_LINK_FACTS,
        handler=project,
        committed=project.committed,
    )


class _About(msgspec.Struct, frozen=True):
    session_id: UUID


class News:
    """Wakes listeners of this replica when any replica's facts about a session pass by.

    A plain subscription, not a durable one: a fact that is missed costs a listener one look later. It is there only
    while somebody listens, since every fact that passes by costs something.
    """

    def __init__(self, broker: Broker, live: Live) -> None:
        self._broker = broker
        self._live = live
        self._decoder = msgspec.json.Decoder(_About)
        broker.when_connected(live.everything_changed)

    async def run(self) -> None:
        try:
            await self._broker.started()
            while True:
                await self._live.somebody.wait()
                try:
                    await self._while_listened()
                except (NatsError, Unavailable, OSError) as error:
                    _log.warning("news.interrupted", error=repr(error))
                    await asyncio.sleep(1)
        finally:
            self._live.close()

    async def _while_listened(self) -> None:
        # nats-py subscribes again by itself whenever it reconnects.
        client = self._broker.client
        subscriptions = [await client.subscribe(subject, cb=self._heard) for subject in _NEWS_SUBJECTS]
        await client.flush()
        self._live.everything_changed()
        while self._live.somebody.is_set():  # noqa: ASYNC110 - it lingers on purpose: the next buyer comes soon
            await asyncio.sleep(LINGER_SECONDS)
        for subscription in subscriptions:
            await subscription.unsubscribe()

    async def _heard(self, message: Msg) -> None:
        try:
            self._live.changed(self._decoder.decode(message.data).session_id)
        except msgspec.MsgspecError:
            _log.warning("news.unreadable", subject=message.subject)
