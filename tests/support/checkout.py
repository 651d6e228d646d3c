"""Checkout with the real sandbox provider, real PostgreSQL and NATS; links is played by a stand-in on the bus."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from deploy.local.probes import http_answers
from deploy.local.program import Program
from services.links.domain.member import Login, Role, scopes_of
from shared.contracts import envelope, subjects
from shared.contracts.callers import CallerKnown, CallerUnknown, FindCaller
from shared.contracts.envelope import Event, type_of
from shared.contracts.links import (
    AllUsesHeld,
    CouponFound,
    CouponIsRefused,
    CouponMissing,
    FindCoupon,
    FindCouponReply,
    FindLink,
    FixedView,
    HoldUse,
    LinkCreated,
    LinkFound,
    LinkMissing,
    LinkView,
    MerchantView,
    UseIsHeld,
    UseIsRefused,
    UsesView,
)
from shared.contracts.operator import Reconcile, Reconciled
from shared.kernel.ids import new_id
from shared.kernel.moment import to_wire
from shared.kernel.money import Money
from tests.support import servers
from tests.support.processes import Server, free_port
from tests.support.servers import Databases, Running

PLATFORM_KEY = "platform-key-of-the-tests"
CONTROL_KEY = "control-key-of-the-tests"
SECRET_KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0xMjM0"
PHONE = "+256772123456"
WAITS = "+256772000004"
"""This payer answers when a test says so, and not while a busy machine is still told that the payment is pending."""


def a_link(slug: str = "invoice", **over: Any) -> LinkView:
    return LinkView(
        **{
            "id": new_id(),
            "org_id": new_id(),
            "slug": slug,
            "title": "Invoice #123",
            "pricing": FixedView(Money(50_000, "UGX")),
            "methods": ("mobile_money", "card"),
            "merchant": MerchantView(name="Kampala Coffee", timezone="Africa/Kampala"),
            "livemode": False,
            "revision": 1,
            "uses": UsesView(used=0, held=0, version=0),
        }
        | over
    )


class StandInLinks:
    """Answers what links would, from memory: finds links, holds uses under their cap."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.links: dict[str, LinkView] = {}
        self.by_id: dict[UUID, LinkView] = {}
        self.holds: dict[UUID, dict[UUID, HoldUse]] = {}
        self.asked: list[HoldUse] = []
        self.refuse: UseIsRefused | AllUsesHeld | CouponIsRefused | None = None
        self.held_until: datetime | None = None
        self.coupons: dict[str, CouponFound | CouponMissing] = {}
        self.callers: dict[str, CallerKnown] = {}
        self.members: dict[UUID, CallerKnown] = {}
        self.silent = False

    async def start(self) -> None:
        await self.client.subscribe(subjects.LINK_FIND, cb=self._find)
        await self.client.subscribe(subjects.USE_HOLD, cb=self._hold)
        await self.client.subscribe(subjects.COUPON_FIND, cb=self._coupon)
        await self.client.subscribe(subjects.CALLER_FIND, cb=self._caller)

    def add(self, link: LinkView) -> LinkView:
        self.links[link.slug] = self.by_id[link.id] = link
        return link

    def key(self, org_id: UUID, *scopes: str, livemode: bool = False) -> dict[str, str]:
        """The headers of a new API key of this organization."""
        key_id = new_id().hex
        self.callers[key_id] = CallerKnown(
            org_id=org_id, livemode=livemode, by=f"key:{key_id}", scopes=scopes, organization_name="Kampala Coffee"
        )
        return {"authorization": f"Bearer plk_{'live' if livemode else 'test'}_{key_id}_secret"}

    def signed_in(self, org_id: UUID, role: Role) -> Login:
        """A new member's sign-in to this organization, in test mode."""
        now = datetime.now(UTC)
        login = Login(
            id=new_id(),
            member_id=new_id(),
            org_id=org_id,
            livemode=False,
            kind="cookie",
            created_at=now,
            expires_at=now + timedelta(hours=1),
        )
        self.members[login.id] = CallerKnown(
            org_id=org_id,
            livemode=False,
            by=f"member:{login.member_id}",
            scopes=scopes_of(role),
            organization_name="Kampala Coffee",
        )
        return login

    async def _caller(self, message: Msg) -> None:
        ask = msgspec.json.decode(message.data, type=FindCaller)
        found = self.members.get(ask.login_id) if ask.login_id else self.callers.get(ask.key_id or "")
        await message.respond(msgspec.json.encode(found or CallerUnknown()))

    async def tell(self, event: Event, *, event_id: UUID | None = None) -> None:
        """Publishes a fact as the relay of links would."""
        fact_id = str(event_id or new_id())
        headers = {
            envelope.MSG_ID: fact_id,
            envelope.ID: fact_id,
            envelope.TYPE: type_of(type(event)),
            envelope.SOURCE: "paylinks/links",
            envelope.TIME: to_wire(datetime.now(UTC)),
        }
        subject = subjects.event_subject(type(event), event.org_id)
        await self.client.jetstream().publish(subject, msgspec.json.encode(event), headers=headers)

    async def tell_created(self, link: LinkView) -> None:
        await self.tell(LinkCreated(org_id=link.org_id, link_id=link.id, link=link))

    async def _find(self, message: Msg) -> None:
        if self.silent:
            return
        ask = msgspec.json.decode(message.data, type=FindLink)
        link = self.by_id.get(ask.link_id) if ask.link_id else self.links.get(ask.slug)
        await message.respond(msgspec.json.encode(LinkFound(link, self.held_until) if link else LinkMissing()))

    async def _coupon(self, message: Msg) -> None:
        ask = msgspec.json.decode(message.data, type=FindCoupon)
        reply: FindCouponReply = self.coupons.get(ask.code.upper(), CouponMissing("unknown"))
        if isinstance(reply, CouponFound) and ask.subtotal and reply.percent_bps:
            off = Money(ask.subtotal.minor * reply.percent_bps // 10_000, ask.subtotal.currency)
            reply = msgspec.structs.replace(reply, discount=off)
        await message.respond(msgspec.json.encode(reply))

    async def _hold(self, message: Msg) -> None:
        if self.silent:
            return
        ask = msgspec.json.decode(message.data, type=HoldUse)
        self.asked.append(ask)
        await message.respond(msgspec.json.encode(self._answer(ask)))

    def _answer(self, ask: HoldUse) -> UseIsHeld | UseIsRefused | AllUsesHeld | CouponIsRefused:
        if self.refuse is not None:
            return self.refuse
        link = self.by_id[ask.link_id]
        held = self.holds.setdefault(ask.link_id, {})
        if link.uses_max is not None and ask.session_id not in held and len(held) >= link.uses_max:
            return AllUsesHeld(datetime.now(UTC) + timedelta(seconds=20))
        held[ask.session_id] = ask
        return UseIsHeld(ask.held_until)


class Rig:
    """`http` speaks to checkout, `control` to the sandbox; `crash` names the next start's crash point."""

    def __init__(self, folder: Path, *, dsn: str, nats_url: str, environment: dict[str, str] | None = None) -> None:
        self._environment = environment or {}
        self.folder, self.dsn, self.nats_url = folder, dsn, nats_url
        self.sandbox = sandbox_server(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.checkout = self._checkout()
        self._others: list[tuple[Server, httpx.AsyncClient]] = []
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30)
        self.control = httpx.AsyncClient(
            base_url=self.sandbox.url, timeout=30, headers={"authorization": f"Bearer {CONTROL_KEY}"}
        )

    async def start(self) -> None:
        self.client = await nats.connect(self.nats_url, connect_timeout=2)
        self.links = StandInLinks(self.client)
        await self.links.start()
        await self.sandbox.start()
        await self.checkout.start()
        self.pg = await asyncpg.connect(self.dsn)

    async def replica(self) -> httpx.AsyncClient:
        """A second process of checkout on the same database and bus."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        other = self._checkout({"PAYLINKS_HTTP_PORT": str(port)}, url=url)
        client = httpx.AsyncClient(base_url=url, timeout=30)
        self._others.append((other, client))
        await other.start()
        return client

    async def stop(self) -> None:
        for other, client in self._others:
            await client.aclose()
            await other.stop()
        await self.http.aclose()
        await self.control.aclose()
        await self.checkout.stop()
        await self.sandbox.stop()
        await self.pg.close(timeout=5)
        await self.client.close()

    async def restart(self, *, crash: str | None = None) -> None:
        """A new process in the place of the old one, which may be dead already."""
        await self.checkout.stop()
        self.checkout = self._checkout({"PAYLINKS_CRASH": crash} if crash else {})
        await self.checkout.start()

    async def faults(self, **faults: Any) -> None:
        (await self.control.put("/control/faults", json=faults)).raise_for_status()

    async def open(self, slug: str = "invoice", **body: Any) -> dict[str, Any]:
        answer = await self.http.post(f"/v1/checkout/{slug}/sessions", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def pay(self, session: dict[str, Any], **means: Any) -> httpx.Response:
        means = means or {"method": "mobile_money", "phone": PHONE}
        return await self.http.post(f"/v1/checkout/sessions/{session['id']}/pay", json=means, headers=bearer(session))

    async def read(self, session: dict[str, Any]) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/checkout/sessions/{session['id']}", headers=bearer(session))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, session: dict[str, Any], status: str, *, seconds: float = 12) -> dict[str, Any]:
        """The session once it has this status (`failed`, `expired` of its charge count too)."""
        ends = time.monotonic() + seconds
        while True:
            shown = await self.read(session)
            if status in {shown["status"], (shown["charge"] or {}).get("status")}:
                return shown
            assert time.monotonic() < ends, f"still {shown['status']}: {shown['charge']}"
            await asyncio.sleep(0.05)

    async def approve(self, session: dict[str, Any]) -> None:
        """The payer's yes to the session's one payment, for those who pay by WAITS.

        A provider that was too slow to answer is known to have asked the payer only a while later.
        """
        await self.until(session, "pending")
        (payment,) = await self.payments(session)
        (await self.control.post(f"/control/payments/{payment['id']}/succeed")).raise_for_status()

    async def payments(self, session: dict[str, Any]) -> list[dict[str, Any]]:
        """What the provider's own ledger has of this session, by the references of its charges."""
        rows = await self.pg.fetch("SELECT reference FROM charge WHERE session_id = $1", UUID(session["id"]))
        found = [
            (await self.control.get("/control/payments", params={"reference": row["reference"]})).json()["data"]
            for row in rows
        ]
        return [payment for some in found for payment in some]

    async def reconcile(self, day: str, org_id: UUID) -> Reconciled:
        """As the operator's command line asks for it."""
        ask = msgspec.json.encode(Reconcile(day=date.fromisoformat(day), org_id=org_id))
        answer = await self.client.request(subjects.RECONCILE, ask, timeout=10)
        return msgspec.json.decode(answer.data, type=Reconciled)

    async def facts(self, session: dict[str, Any]) -> list[str]:
        """Types of the facts about the session, in order."""
        rows = await self.pg.fetch(
            "SELECT type FROM outbox WHERE convert_from(data, 'UTF8')::jsonb ->> 'session_id' = $1 ORDER BY position",
            session["id"],
        )
        return [row["type"].removeprefix("checkout.") for row in rows]

    async def verdicts(self) -> list[str]:
        """Of every callback, in the order in which they came."""
        return [row["verdict"] for row in await self.pg.fetch("SELECT verdict FROM callback ORDER BY id")]

    async def settled_verdicts(self, count: int, *, seconds: float = 10) -> list[str]:
        """The verdicts once so many callbacks are there and none waits to be applied."""
        ends = time.monotonic() + seconds
        while True:
            verdicts = await self.verdicts()
            if len(verdicts) >= count and "received" not in verdicts:
                return verdicts
            assert time.monotonic() < ends, verdicts
            await asyncio.sleep(0.05)

    def _checkout(self, more: dict[str, str] | None = None, *, url: str | None = None) -> Server:
        environment = {
            "PAYLINKS_HTTP_PORT": str(self.port),
            "PAYLINKS_POSTGRES_DSN": self.dsn,
            "PAYLINKS_NATS_URL": self.nats_url,
            "PAYLINKS_PUBLIC_URL": self.url,
            "PAYLINKS_SECRET_KEY": SECRET_KEY,
            "PAYLINKS_TEST_MODE": "1",
            "PAYLINKS_SANDBOX_URL": self.sandbox.url,
            "PAYLINKS_SANDBOX_PLATFORM_KEY": PLATFORM_KEY,
            "PAYLINKS_PROVIDER_TIMEOUT_SECONDS": "5",
        }
        environment |= self._environment | (more or {})
        return _server("services.checkout", environment, url or self.url, folder=self.folder, path="/ready")


def sandbox_server(folder: Path) -> Server:
    """The sandbox provider, with its books below `folder`. Not yet started."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PAYLINKS_SANDBOX_PORT": str(port),
        "PAYLINKS_SANDBOX_DATA": str(folder / "sandbox"),
        "PAYLINKS_SANDBOX_URL": url,
        "PAYLINKS_SANDBOX_PLATFORM_KEY": PLATFORM_KEY,
        "PAYLINKS_SANDBOX_CONTROL_KEY": CONTROL_KEY,
        "PAYLINKS_SANDBOX_APPROVE_AFTER_MS": "150",
    }
    return _server("deploy.simulators.sandbox", environment, url, folder=folder, path="/health")


def _server(module: str, environment: dict[str, str], url: str, *, folder: Path, path: str) -> Server:
    program = Program(
        name=module,
        command=[sys.executable, "-m", module],
        environment=environment,
        is_ready=lambda: http_answers(f"{url}{path}", status_max=299),
    )
    return Server(program, url=url, log=folder / f"{module}.log")


async def eventually(check: Callable[[], Awaitable[bool]], *, seconds: float = 5) -> None:
    """Returns once `check` holds."""
    ends = time.monotonic() + seconds
    while True:
        if await check():
            return
        assert time.monotonic() < ends, f"not within {seconds} s"
        await asyncio.sleep(0.02)


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {session['token']}"}


@pytest.fixture(scope="module")
async def rig(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Rig, None]:
    """One for a file of tests; each of them makes links of its own."""
    await servers.forget_streams(nats_server.url)
    dsn = await databases.clone("checkout")
    running = Rig(tmp_path_factory.mktemp("checkout"), dsn=dsn, nats_url=nats_server.url)
    await running.start()
    yield running
    await running.stop()
    await databases.drop(dsn)
    await servers.forget_streams(nats_server.url)
