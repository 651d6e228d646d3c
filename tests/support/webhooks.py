"""notify's webhooks without its bus: facts go in by hand, and its clock stands still until it is moved.

The receivers are real servers on this machine, and check every request with the official library.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import nats
from aiohttp import web
from standardwebhooks import Webhook

from services.notify.domain.webhook_delivery import Delivery, DeliveryDetail
from services.notify.domain.webhook_endpoint import EndpointDraft
from services.notify.store.webhook_deliveries import Filters
from services.notify.store.webhook_endpoints import Owner
from services.notify.use_cases import webhook_deliveries as log
from services.notify.use_cases.note_merchants import note_merchants
from services.notify.use_cases.send_webhooks import SendWebhooks
from services.notify.use_cases.webhook_endpoints import Rules, create_endpoint
from services.notify.use_cases.webhook_facts import take_merchant_facts
from services.notify.webhooks.guard import Guard
from services.notify.webhooks.sender import Sender
from services.notify.webhooks.signing import SecretBox
from shared.contracts import envelope, subjects
from shared.contracts.checkout import ChargeSucceeded
from shared.contracts.envelope import Event, Received, type_of
from shared.kernel.ids import new_id
from shared.kernel.moment import to_wire, utc_now
from shared.runtime.postgres import Postgres
from tests.support.mails import paid, publish

ROOT_SECRET = b"s" * 32
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def accept(_: web.Request) -> web.Response:
    return web.Response(status=204)


def answering(status: int, body: str = "", **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, headers=named)

    return answer


@dataclass
class Arrived:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def payload(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """`answer` decides what it says; what it was sent stands in `arrived`."""

    url: str
    answer: Answer = accept
    arrived: list[Arrived] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.arrived.append(Arrived({name.lower(): value for name, value in request.headers.items()}, body))
        return await self.answer(request)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.arrived]

    def verify(self, secret: str) -> None:
        """Raises: WebhookVerificationError."""
        for one in self.arrived:
            Webhook(secret).verify(one.body, one.headers)


@asynccontextmanager
async def receiver(answer: Answer = accept) -> AsyncGenerator[Receiver, None]:
    running = Receiver("", answer)
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", running.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    # A port of the kernel's choice: other test runs on this machine take theirs at the same time.
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield running
    finally:
        await runner.cleanup()


@dataclass
class Webhooks:
    postgres: Postgres
    sender: Sender = field(default_factory=lambda: Sender(Guard("loopback")))
    now: datetime = field(default_factory=utc_now)
    owner: Owner = field(default_factory=lambda: Owner(new_id(), livemode=False))
    box: SecretBox = field(default_factory=lambda: SecretBox(ROOT_SECRET))

    async def endpoint(self, url: str, *events: str, owner: Owner | None = None) -> tuple[UUID, str]:
        """Its id and secret."""
        draft = EndpointDraft(url=url, events=events or ("*",))
        async with self.postgres.transaction() as tx:
            made, secret = await create_endpoint(
                tx,
                owner or self.owner,
                draft=draft,
                rules=Rules("loopback", https_only=False),
                box=self.box,
                now=self.now - timedelta(seconds=1),
            )
        return made.id, secret

    def fact(self, event: Event, sequence: int = 1) -> Received:
        return Received(
            id=new_id(), type=type_of(type(event)), at=self.now, sequence=sequence, traceparent=None, event=event
        )

    async def take(self, *facts: Received) -> None:
        async with self.postgres.transaction() as tx:
            await take_merchant_facts(tx, facts, now=self.now)
            await note_merchants(tx, facts)

    def courier(self) -> SendWebhooks:
        return SendWebhooks(
            self.postgres,
            self.sender,
            box=self.box,
            clock=lambda: self.now,
            disable_after=timedelta(days=5),
            message_host="pay.example",
            settled=lambda: None,
            real_time=lambda: self.now,
        )

    async def send(self, **later: float) -> int:
        """Sends what is due now or so much later, one of each lane; how many that were."""
        self.now += timedelta(**(later or {"seconds": 0.3}))
        courier = self.courier()
        begun = await courier.begin()
        await courier.drained()
        return begun

    async def send_all(self) -> int:
        total = 0
        while begun := await self.send():
            total += begun
        return total

    async def deliveries(self, endpoint_id: UUID, **filters: Any) -> list[Delivery]:
        """The oldest first."""
        found = await log.list_deliveries(
            self.postgres, self.owner, endpoint_id, filters=Filters(**filters), before=None, limit=1000
        )
        return found[::-1]

    async def detail(self, delivery_id: UUID) -> DeliveryDetail:
        return await log.get_delivery(self.postgres, self.owner, delivery_id)

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """The facts that notify tells."""
        rows = await self.postgres.fetch("SELECT type, data FROM outbox ORDER BY position")
        return [(row["type"], json.loads(row["data"])) for row in rows]


@asynccontextmanager
async def webhooks_on(dsn: str) -> AsyncGenerator[Webhooks, None]:
    postgres = await Postgres.connect(dsn, name="tests", size_max=8)
    running = Webhooks(postgres)
    try:
        yield running
    finally:
        await running.sender.close()
        await postgres.close()


async def eventually(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def tell_numbered(nats_url: str, facts: Iterable[tuple[Event, int]]) -> None:
    """Publishes facts with the sequence that each has among its owner's facts about the link."""
    client = await nats.connect(nats_url, connect_timeout=2)
    try:
        for event, sequence in facts:
            fact_id = str(new_id())
            headers = {
                envelope.MSG_ID: fact_id,
                envelope.ID: fact_id,
                envelope.TYPE: type_of(type(event)),
                envelope.SOURCE: f"paylinks/{event.owner}",
                envelope.TIME: to_wire(utc_now()),
                envelope.SUBJECT: str(event.link_id),
                envelope.SEQUENCE: str(sequence),
            }
            subject = subjects.event_subject(type(event), event.org_id)
            await publish(client, subject, msgspec.json.encode(event), headers=headers)
    finally:
        await client.close()


def charge(hooks: Webhooks, **over: Any) -> ChargeSucceeded:
    """Paid at the organization of `hooks`."""
    return paid(org_id=hooks.owner.org_id, livemode=False, **over)
