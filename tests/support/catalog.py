"""A shop of the `catalog` dialect: a signed-in member, products in dollars and euros, and a checkout that answers."""

from datetime import timedelta
from typing import Any

import httpx

from services.links.domain.organization import OrganizationDraft
from services.links.use_cases.manage_organization import patch_organization
from shared.contracts.checkout import OpenCheckoutSession, OpenSessionReply, SessionIsOpen
from shared.kernel.faults import Unavailable
from shared.kernel.ids import new_id
from tests.support.links import LinksService, Tenant
from tests.support.members import client_of, someone

PATH = "/catalog/api/payment-links/"
PUBLIC = PATH + "public/"
PRICES = [{"amount_minor": 1_999, "currency": "USD"}, {"amount_minor": 1_899, "currency": "EUR"}]


class FakeCheckout:
    """Opens a session for everything it is asked, unless it has been told what to answer."""

    def __init__(self, links: LinksService) -> None:
        self._links = links
        self.asked: list[OpenCheckoutSession] = []
        self.answers: OpenSessionReply | None = None
        self.is_down = False

    async def open_session(self, ask: OpenCheckoutSession) -> OpenSessionReply:
        self.asked.append(ask)
        if self.is_down:
            raise Unavailable("checkout")
        session_id = new_id()
        return self.answers or SessionIsOpen(
            session_id=session_id,
            url=f"https://pay.example.com/checkout/sessions/{session_id}?token=secret",
            token="secret",
            expires_at=self._links.now() + timedelta(minutes=30),
        )


class Shop:
    """`member` sends the Token, `anybody` nothing, `server` the API key."""

    def __init__(self, links: LinksService, tenant: Tenant, token: str) -> None:
        self.links = links
        self.tenant = tenant
        self.token = token
        self.checkout = FakeCheckout(links)
        links.app.state.checkouts._checkout = self.checkout
        self.member = client_of(links)
        self.member.headers["Authorization"] = f"Token {token}"
        self.anybody = client_of(links)
        self.server = client_of(links)
        self.server.headers["Authorization"] = f"Api-Key {tenant.bearer}"
        self.products: list[str] = []

    async def product(self, **fields: Any) -> str:
        made = await self.tenant.product(**{"name": "Gift card", "prices": PRICES, "price": PRICES[0]} | fields)
        return str(made["id"])

    async def settings(self, **fields: Any) -> None:
        """Changes the organization, at once for everybody who is signed in."""
        native = self.links.app.state.surface
        session = await native.sessions.session(self.token, now=self.links.now())
        await patch_organization(
            self.links.pg,
            session.actor,
            session.organization.id,
            draft=OrganizationDraft(**fields),
            expects=lambda _: True,
            now=self.links.now(),
            test_mode=True,
        )
        native.sessions.forget_all()
        native.authenticator.forget_all()

    async def create(self, **fields: Any) -> httpx.Response:
        body = {"name": "Spring campaign", "products": [{"product_id": self.products[0], "quantity": 2}]}
        return await self.member.post(PATH, json=body | fields)

    async def made(self, **fields: Any) -> dict[str, Any]:
        answer = await self.create(**fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def read(self, link_id: str) -> dict[str, Any]:
        answer = await self.member.get(f"{PATH}{link_id}/")
        assert answer.status_code == 200, answer.text
        return answer.json()


async def shop_of(links: LinksService, tenant: Tenant) -> Shop:
    owner = await someone(links, tenant)
    signed_in = await owner.sign_in()
    shop = Shop(links, tenant, signed_in["token"])
    shop.products.append(await shop.product())
    return shop
