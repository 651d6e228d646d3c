"""Links in the test's own process: its real routes, rooms and database, with a clock that tests may turn."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
from litestar import Litestar
from litestar.config.app import AppConfig

from services.links.app import build
from services.links.domain.keys import SCOPES, Scope
from services.links.domain.organization import Organization
from services.links.settings import Settings
from services.links.store import keys
from services.links.use_cases.hold_use import Holds
from services.links.use_cases.manage_keys import drawn
from services.links.use_cases.manage_organization import create_organization
from shared.contracts.links import HoldUse, HoldUseReply
from shared.kernel.ids import new_id
from shared.runtime.http import reading
from shared.runtime.postgres import Postgres
from shared.runtime.service import Runtime, litestar
from tests.support.emptying import Original, original

PUBLIC_URL = "https://pay.example.com"
SECRET_KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0xMjM0"
GATED_SECRET = "a secret that merchant and Paylinks share"
GATED_ISSUER = "https://merchant.example"
FIXED = {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}
ROOT = "/v1/payment-links"


class Tenant:
    """An organization with a client for its key."""

    def __init__(self, service: "LinksService", organization: Organization, key_id: str, bearer: str) -> None:
        self.service = service
        self.organization = organization
        self.key_id = key_id
        self.bearer = bearer
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(service.app),
            base_url="http://links",
            headers={"Authorization": f"Bearer {bearer}"},
        )

    async def make(self, **fields: Any) -> dict[str, Any]:
        answer = await self.client.post(ROOT, json={"title": "Invoice #123", "pricing": FIXED} | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def read(self, link_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"{ROOT}/{link_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def product(self, **fields: Any) -> dict[str, Any]:
        body = {"name": "Coffee", "price": {"amount_minor": 50_000, "currency": "UGX"}} | fields
        answer = await self.client.post("/v1/products", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def plan(self, **fields: Any) -> dict[str, Any]:
        body = {"name": "Coffee every month", "price": {"amount_minor": 10_000, "currency": "XOF"}, "interval": "month"}
        return await self._made("/v1/plans", body | fields)

    async def coupon(self, **fields: Any) -> dict[str, Any]:
        body = {"code": "WELCOME10", "discount": {"type": "percent", "basis_points": 1_000}}
        return await self._made("/v1/coupons", body | fields)

    async def tax_rate(self, **fields: Any) -> dict[str, Any]:
        return await self._made("/v1/tax-rates", {"name": "VAT", "percent": "18"} | fields)

    async def _made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()


class LinksService:
    def __init__(self, runtime: Runtime, app: Any) -> None:
        self.runtime = runtime
        self.pg = runtime.postgres
        self.app = app
        self.ahead = timedelta()
        self.holds = Holds(runtime.postgres, self.now, runtime.wake)
        runtime.clock = self.now
        app.state.surface = msgspec.structs.replace(app.state.surface, clock=self.now)
        self._tenants: list[Tenant] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def tenant(
        self,
        *,
        livemode: bool = False,
        scopes: tuple[Scope, ...] = SCOPES,
        of: Organization | None = None,
    ) -> Tenant:
        now = self.now()
        organization = of or Organization(
            id=new_id(),
            name="Kampala Coffee",
            default_currency="UGX",
            currencies=("UGX",),
            created_at=now,
            updated_at=now,
        )
        key, bearer = drawn(organization, name="Tests", scopes=scopes, livemode=livemode, now=now)
        async with self.pg.transaction() as tx:
            if of is None:
                await create_organization(tx, organization, now=now)
            await keys.insert(tx, key)
        tenant = Tenant(self, organization, key.id, bearer)
        self._tenants.append(tenant)
        return tenant

    async def hold(self, link: dict[str, Any], tenant: Tenant, **over: Any) -> tuple[HoldUse, HoldUseReply]:
        fields: dict[str, Any] = {
            "org_id": tenant.organization.id,
            "link_id": UUID(link["id"]),
            "session_id": new_id(),
            "charge_id": new_id(),
            "held_until": self.now() + timedelta(minutes=15),
        }
        ask = HoldUse(**fields | over)
        return ask, await self.holds.hold(ask)

    async def facts(self) -> list[tuple[str, dict[str, Any]]]:
        """Every fact in the outbox, in order: (type, data)."""
        rows = await self.pg.fetch("SELECT type, data FROM outbox ORDER BY position")
        return [(row["type"], msgspec.json.decode(row["data"])) for row in rows]

    async def close(self) -> None:
        for tenant in self._tenants:
            await tenant.client.aclose()


def links_settings(dsn: str, *, nats_url: str = "nats://127.0.0.1:1", **settings: Any) -> Settings:
    values: dict[str, Any] = {
        "http_port": 1,
        "postgres_dsn": dsn,
        "nats_url": nats_url,
        "public_url": PUBLIC_URL,
        "secret_key": SECRET_KEY,
        "test_mode": True,
        "rate_per_key_per_second": 10_000,
        "gated_jwt_secret": GATED_SECRET,
        "gated_jwt_issuer": GATED_ISSUER,
    }
    return Settings(**values | settings)


@asynccontextmanager
async def links_service(dsn: str, **settings: Any) -> AsyncGenerator[LinksService]:
    """The service without its server and workers."""
    pg = await Postgres.connect(dsn, name="links-tests")
    runtime = Runtime("links", links_settings(dsn, **settings), pg)
    service = LinksService(runtime, litestar(await build(runtime), request_class=reading(runtime.bodies)))
    try:
        yield service
    finally:
        await service.close()
        await pg.close()


class RenewedLinks:
    """One app and one database for many tests, which find both as if they were new.

    Another app takes some 0.2 s, another database as much: more than most tests do.
    """

    def __init__(self, dsn: str, before: Original, *, pg: Postgres, app: Litestar) -> None:
        self._dsn = dsn
        self._before = before
        self._pg = pg
        self._app = app

    async def renew(self) -> LinksService:
        await self._pg.execute(self._before.emptying)
        runtime = Runtime("links", links_settings(self._dsn), self._pg)
        config = AppConfig()
        for hand_over in (await build(runtime)).on_app_init:
            config = hand_over(config)
        self._app.state = config.state
        return LinksService(runtime, self._app)


@asynccontextmanager
async def renewed_links(dsn: str) -> AsyncGenerator[RenewedLinks]:
    before = await original(dsn)
    async with links_service(dsn) as service:
        yield RenewedLinks(dsn, before, pg=service.pg, app=service.app)
