"""Merchants of checkout's own routes: links is played on the bus, and knows the keys that a test has made."""

import hashlib
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.contracts import subjects
from shared.contracts.callers import CallerKnown, CallerUnknown, FindCaller
from shared.contracts.links import LinkView
from shared.kernel.ids import new_id
from tests.support import servers
from tests.support.checkout import PHONE, Rig, a_link
from tests.support.echo_provider import EchoServer, send_callback
from tests.support.processes import free_port
from tests.support.servers import Databases, Running

ALL = ("providers:read", "providers:write")


class Keys:
    """Answers who a key belongs to, as links would."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._known: dict[tuple[str, str], CallerKnown] = {}
        self._clients: list[httpx.AsyncClient] = []

    async def start(self) -> None:
        await self._client.subscribe(subjects.CALLER_FIND, cb=self._find)

    def merchant(
        self, org_id: UUID | None = None, *, livemode: bool = False, scopes: tuple[str, ...] = ALL
    ) -> httpx.AsyncClient:
        key_id, secret = secrets.token_hex(6), secrets.token_hex(16)
        known = CallerKnown(
            org_id=org_id or new_id(), livemode=livemode, by=f"key:{key_id}", scopes=scopes, organization_name="Coffee"
        )
        self._known[(key_id, hashlib.sha256(secret.encode()).hexdigest())] = known
        bearer = f"plk_{'live' if livemode else 'test'}_{key_id}_{secret}"
        client = httpx.AsyncClient(base_url=self._url, timeout=30, headers={"authorization": f"Bearer {bearer}"})
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def _find(self, message: Msg) -> None:
        ask = msgspec.json.decode(message.data, type=FindCaller)
        known = self._known.get((ask.key_id or "", ask.secret_sha256))
        await message.respond(msgspec.json.encode(known or CallerUnknown()))


CREDENTIALS = {"api_key": "ek_0123456789abcd", "webhook_secret": "es_0123456789abcd"}


class Shop:
    """An organization with a link, a key, and accounts with the providers of the tests' own."""

    def __init__(self, rig: "EchoRig", org_id: UUID, link: LinkView, api: httpx.AsyncClient) -> None:
        self.rig, self.org_id, self.link, self.api = rig, org_id, link, api

    async def connect(self, **over: Any) -> dict[str, Any]:
        answer = await self.api.post(
            "/v1/provider-accounts", json={"provider": "echo", "credentials": CREDENTIALS} | over
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def pay(self, phone: str = PHONE) -> tuple[dict[str, Any], httpx.Response]:
        session = await self.rig.open(self.link.slug)
        return session, await self.rig.pay(session, method="mobile_money", phone=phone)

    async def charges(self, session: dict[str, Any]) -> list[Any]:
        """Oldest first."""
        return await self.rig.pg.fetch(
            "SELECT *, routing::text AS why FROM charge WHERE session_id = $1 ORDER BY id", UUID(session["id"])
        )

    async def callback(self, session: dict[str, Any], status: str, **over: Any) -> httpx.Response:
        """The provider tells how the session's latest charge stands."""
        reference = (await self.charges(session))[-1]["reference"]
        payment = self.rig.echo.becomes(reference, status)
        return await send_callback(self.rig.http, payment, **({"secret": CREDENTIALS["webhook_secret"]} | over))


class EchoRig(Rig):
    """Checkout with two providers of the tests' own besides the sandbox; the second one is never there."""

    def __init__(self, folder: Path, *, dsn: str, nats_url: str, echo: EchoServer) -> None:
        gone = f"http://127.0.0.1:{free_port()}"
        plugs = f"tests.support.echo_provider:Echo@{echo.url},tests.support.echo_provider:EchoToo@{gone}"
        super().__init__(folder, dsn=dsn, nats_url=nats_url, environment={"PAYLINKS_EXTRA_PROVIDERS": plugs})
        self.echo = echo

    async def start(self) -> None:
        await super().start()
        self.keys = Keys(self.client, self.url)
        await self.keys.start()

    async def stop(self) -> None:
        await self.keys.close()
        await super().stop()

    def shop(self, *, livemode: bool = False, **over: Any) -> Shop:
        link = self.links.add(a_link(f"shop-{new_id().hex[-12:]}", livemode=livemode, **over))
        return Shop(self, link.org_id, link, self.keys.merchant(link.org_id, livemode=livemode))


@pytest.fixture(scope="module")
async def echo_rig(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[EchoRig, None]:
    await servers.forget_streams(nats_server.url)
    dsn = await databases.clone("checkout")
    echo = EchoServer()
    await echo.start()
    running = EchoRig(tmp_path_factory.mktemp("checkout"), dsn=dsn, nats_url=nats_server.url, echo=echo)
    await running.start()
    yield running
    await running.stop()
    await echo.stop()
    await databases.drop(dsn)
    await servers.forget_streams(nats_server.url)
