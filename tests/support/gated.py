"""Tokens as a merchant issues them, and callers of the `gated` dialect who bear them."""

from datetime import timedelta
from typing import Any

import httpx
import jwt

from shared.contracts.otp import OtpRefused, OtpVerified
from shared.kernel.ids import new_id
from tests.support.links import GATED_ISSUER, GATED_SECRET, LinksService, Tenant

PATH = "/gated/payment-links"
EMAIL = "amina@example.com"
CODE = "481516"
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
    body = {"email": EMAIL, "org_id": str(tenant.organization.id)} | fields
    answer = await caller.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


class NotifyStub:
    """Believes CODE of EMAIL, and says that it was proven at the service's time."""

    def __init__(self, links: LinksService) -> None:
        self._links = links

    async def verify(self, email: str, code: str, **_: Any) -> OtpVerified | OtpRefused:
        return await self.just_verified(email, code) or OtpRefused(reason="wrong")

    async def just_verified(self, email: str, code: str) -> OtpVerified | None:
        if (email, code) != (EMAIL, CODE):
            return None
        return OtpVerified(challenge_id=new_id(), email=email, verified_at=self._links.now())


def believe_code(links: LinksService) -> None:
    """Instead of notify, which these tests do without."""
    links.app.state.otp._notify = NotifyStub(links)
