"""What checkout hears on the bus."""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.checkout.use_cases.live import Live
from services.checkout.use_cases.open_for_peer import OpenForPeer
from services.checkout.use_cases.project_links import ProjectLinks
from services.checkout.use_cases.refund_charge import RefundCharge
from services.checkout.use_cases.serve_operator import ServeOperator
from services.checkout.use_cases.take_late_money import TakeLateMoney
from shared.contracts import links
from shared.contracts import operator as asks
from shared.contracts.checkout import OpenCheckoutSession
from shared.contracts.subjects import (
    ACCOUNTS_RESEAL,
    CALLBACK_LIST,
    CALLBACK_REPLAY,
    CALLBACK_SHOW,
    RECONCILE,
    SESSION_OPEN,
)
from shared.kernel.faults import Unavailable
from shared.kernel.moment import Clock
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
_ACCOUNT_NEWS: Final = "checkout.evt.v1.*.provider_account.*"
_NEWS_SUBJECTS: Final = ("checkout.evt.v1.*.charge.*", "checkout.evt.v1.*.session.*")


def answer(broker: Broker, open_for_peer: OpenForPeer) -> None:
    """Subscribes to the questions. Asking twice is safe with an idempotency key."""
    broker.reply(SESSION_OPEN, OpenCheckoutSession, open_for_peer)


def answer_operator(broker: Broker, operator: ServeOperator) -> None:
    broker.reply(CALLBACK_LIST, asks.ListCallbacks, operator.list_callbacks)
    broker.reply(CALLBACK_SHOW, asks.OneCallback, operator.show_callback)
    broker.reply(CALLBACK_REPLAY, asks.OneCallback, operator.replay_callback)
    broker.reply(ACCOUNTS_RESEAL, asks.Reseal, operator.reseal)
    broker.reply(RECONCILE, asks.Reconcile, operator.reconcile)


def project_links(broker: Broker, postgres: Postgres, project: ProjectLinks) -> Consumer:
    return Consumer(
        "project-links",
        broker=broker,
        postgres=postgres,
        events=_LINK_FACTS,
        handler=project,
        committed=project.committed,
    )


class AccountNews:
    """Tells this replica whose accounts any replica has changed. Without the news they are read again soon, too."""

    def __init__(self, broker: Broker, forget: Callable[[UUID | None], None]) -> None:
        self._broker = broker
        self._forget = forget
        self._decoder = msgspec.json.Decoder(_OfOrganization)
        broker.when_connected(lambda: forget(None))

    async def run(self) -> None:
        await self._broker.started()
        while True:
            try:
                await self._broker.client.subscribe(_ACCOUNT_NEWS, cb=self._heard)
                await asyncio.Event().wait()  # nats-py subscribes again by itself whenever it reconnects
            except (NatsError, Unavailable, OSError) as error:
                _log.warning("account_news.interrupted", error=repr(error))
                await asyncio.sleep(1)

    async def _heard(self, message: Msg) -> None:
        try:
            self._forget(self._decoder.decode(message.data).org_id)
        except msgspec.MsgspecError:
            _log.warning("account_news.unreadable", subject=message.subject)


class _OfOrganization(msgspec.Struct, frozen=True):
    org_id: UUID


def take_late_money(broker: Broker, postgres: Postgres, refund_charge: RefundCharge, clock: Clock) -> Consumer:
    return Consumer(
        "late-money",
        broker=broker,
        postgres=postgres,
        events=[links.UseRefused],
        handler=TakeLateMoney(refund_charge, clock),
        committed=refund_charge.asked,
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
