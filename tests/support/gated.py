"""Tokens as a merchant issues them, and callers of the `gated` dialect who bear them."""

from datetime import timedelta
from typing import Any

import httpx
import jwt

from tests.support.links import GATED_ISSUER, GATED_SECRET, LinksService, Tenant

PATH = "/gated/payment-links"
ADMIN = "internal-admin"
ORG_ADMIN = "org-admin"


def claims(tenant: Tenant | None, links: LinksService, **over: Any) -> dict[str, Any]:
    """Of an org-admin, or of an internal-admin where there is no tenant; a claim that is None is left out."""
    now = links.now()
    said = {
        "iss": GATED_ISSUER,
        "aud": "paylinks",
        "sub": "billing",
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
        "role": ORG_ADMIN if tenant else ADMIN,
        "org_id": str(tenant.organization.id) if tenant else None,
    } | over
    return {name: value for name, value in said.items() if value is not None}


def bearer(payload: dict[str, Any], *, secret: str = GATED_SECRET, **headers: Any) -> dict[str, str]:
    token = jwt.encode(payload, secret, algorithm="HS256", headers=headers or None)
    return {"Authorization": f"Bearer {token}"}


def client(links: LinksService, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(links.app), base_url="http://links", headers=headers)


def of(tenant: Tenant | None, links: LinksService, **over: Any) -> httpx.AsyncClient:
    return client(links, bearer(claims(tenant, links, **over)))


async def made(caller: httpx.AsyncClient, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    body = {"email": "amina@example.com", "org_id": str(tenant.organization.id)} | fields
    answer = await caller.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()
