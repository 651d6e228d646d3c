"""Webhooks' HTTP API without a server: on a database, with a clock that is moved by hand, and keys that are made up."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import httpx
from cryptography.fernet import Fernet

from services.notify.app import parts
from services.notify.use_cases.webhook_endpoints import Rules
from services.notify.web import deliveries, endpoints
from services.notify.web.desk import Desk
from shared.kernel.answer import Seal
from shared.kernel.faults import Forbidden, Unauthorized
from shared.runtime.callers import Caller, Callers
from shared.runtime.service import litestar
from tests.support.webhooks import Webhooks, webhooks_on

ROOT = "/v1/webhook-endpoints"
BODY = {"url": "https://shop.example/hook", "events": ["charge.*"], "description": "Orders"}


class Known:
    """Keys are `<organization>:<live|test>:<scopes>`."""

    async def caller(self, headers: Mapping[str, str], scope: str, **_: Any) -> Caller:
        key = headers.get("x-api-key")
        if key is None:
            raise Unauthorized
        org, mode, scopes = key.split(":", 2)
        if scope not in scopes.split(","):
            raise Forbidden(scope)
        return Caller(org_id=UUID(org), livemode=mode == "live", by="key:x", scopes=(scope,), organization_name="Shop")


@dataclass
class Api:
    hooks: Webhooks
    client: httpx.AsyncClient

    def key(self, org: UUID | None = None, mode: str = "test", scopes: str = "webhooks:read,webhooks:write") -> dict:
        return {"x-api-key": f"{org or self.hooks.owner.org_id}:{mode}:{scopes}"}

    async def ask(self, method: str, path: str, body: Any = None, *, status: int, **headers: str) -> Any:
        answer = await self.client.request(method, path, json=body, headers=self.key() | headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def made(self, **over: Any) -> dict[str, Any]:
        return await self.ask("POST", ROOT, BODY | over, status=201)


@asynccontextmanager
async def webhooks_api(dsn: str) -> AsyncGenerator[Api, None]:
    async with webhooks_on(dsn) as hooks:
        await hooks.postgres.execute("DELETE FROM webhook_lane")
        answers = Fernet(Fernet.generate_key())
        desk = Desk(
            pg=hooks.postgres,
            callers=cast("Callers", Known()),
            box=hooks.box,
            seal=Seal(seal=answers.encrypt, unseal=answers.decrypt),
            rules=Rules("loopback", https_only=False),
            mail_due=lambda: None,
            message_host="pay.example",
            clock=lambda: hooks.now,
            due=lambda: None,
        )
        app = litestar(parts(merchant=[*endpoints.routes(desk), *deliveries.routes(desk)]))
        transport = httpx.ASGITransport(app=cast("Any", app))
        async with httpx.AsyncClient(transport=transport, base_url="http://notify") as client:
            yield Api(hooks, client)
