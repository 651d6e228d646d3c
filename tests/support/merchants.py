"""Merchants of checkout's own routes: links is played on the bus, and knows the keys that a test has made."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.contracts.links import LinkView
from shared.kernel.ids import new_id
from tests.support import servers
from tests.support.checkout import PHONE, Rig, StandInLinks, a_link
from tests.support.echo_provider import EchoServer, send_callback
from tests.support.processes import free_port
from tests.support.servers import Databases, Running

ALL = ("providers:read", "providers:write")


class Keys:
    """Merchants with keys that the links of the test knows."""

    def __init__(self, links: StandInLinks, url: str) -> None:
        self._links = links
        self._url = url
        self._clients: list[httpx.AsyncClient] = []

    def merchant(
        self, org_id: UUID | None = None, *, livemode: bool = False, scopes: tuple[str, ...] = ALL
    ) -> httpx.AsyncClient:
        headers = self._links.key(org_id or new_id(), *scopes, livemode=livemode)
        client = httpx.AsyncClient(base_url=self._url, timeout=30, headers=headers)
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


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
        self.keys = Keys(self.links, self.url)

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
