"""The dialects as clients speak them: how each makes, changes and reads a link, and what it calls the native fields."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import httpx

from services.links.domain.typeid import as_typeid, uuid_of_typeid
from shared.kernel.ids import new_id
from tests.support import gated
from tests.support.links import ROOT, LinksService, Tenant
from tests.support.members import client_of, someone


class Shop:
    """An organization with what every dialect needs to be let in."""

    def __init__(self, service: LinksService, tenant: Tenant, *, cookie: str, token: str) -> None:
        self.service = service
        self.tenant = tenant
        self._cookie = cookie
        self._token = token
        self._client = client_of(service)

    def headers(self, dialect: str) -> dict[str, str]:
        return {
            "native": {"Authorization": f"Bearer {self.tenant.bearer}"},
            "collections": {"X-DGS-API-Key": self.tenant.bearer},
            "core": {"X-API-Key": self.tenant.bearer},
            "digital": {"Cookie": f"session={self._cookie}"},
            "catalog": {"Authorization": f"Token {self._token}"},
            "gated": gated.bearer(gated.claims(self.tenant, self.service)),
        }[dialect]

    async def ask(self, dialect: str, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self._client.request(method, path, json=body, headers=self.headers(dialect))

    async def native(self, link_id: str) -> dict[str, Any]:
        answer = await self.ask("native", "GET", f"{ROOT}/{link_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()


async def shop_of(service: LinksService) -> Shop:
    tenant = await service.tenant()
    owner = await someone(service, tenant)
    token = (await owner.sign_in())["token"]
    return Shop(service, tenant, cookie=(await owner.sign_in(kind="cookie"))["token"], token=token)


Body = Callable[[Shop, str], Awaitable[dict[str, Any]]]


class Voice(NamedTuple):
    """`path` ends before a link's id; `inside` leads to the link in an answer.

    `change` (method, body) changes the native fields `changes`; None where the document has no way to change a link.
    `says` maps native fields to its own; `moves` are its fields that may move along with others. `lists` is the path
    of the list where that is not `path`.
    """

    name: str
    path: str
    body: Body
    id_of: Callable[[dict[str, Any]], str]
    address: Callable[[str], str]
    inside: tuple[str, ...]
    change: tuple[str, dict[str, Any]] | None
    changes: frozenset[str]
    says: Mapping[str, str]
    moves: frozenset[str] = frozenset()
    currencies: tuple[str, ...] = ("RWF", "USD", "KWD")
    lists: str | None = None

    async def make(self, shop: Shop, currency: str) -> str:
        """The link's id, as a UUID."""
        answer = await shop.ask(self.name, "POST", self.path, await self.body(shop, currency))
        assert answer.status_code == 201, answer.text
        return self.id_of(self._link(answer.json()))

    async def list(self, shop: Shop) -> httpx.Response:
        path = (self.lists or self.path).format(org_id=shop.tenant.organization.id)
        return await shop.ask(self.name, "GET", path)

    async def alter(self, shop: Shop, link_id: str) -> None:
        assert self.change is not None, "it has no word for a change"
        method, body = self.change
        answer = await shop.ask(self.name, method, f"{self.path}/{self.address(link_id)}", body)
        assert answer.status_code == 200, answer.text

    async def read(self, shop: Shop, link_id: str) -> dict[str, Any]:
        answer = await shop.ask(self.name, "GET", f"{self.path}/{self.address(link_id)}")
        assert answer.status_code == 200, answer.text
        return self._link(answer.json())

    def _link(self, answer: dict[str, Any]) -> dict[str, Any]:
        for key in self.inside:
            answer = answer[key]
        return answer


MINOR = {"RWF": 50_000, "USD": 1_999, "KWD": 1_005}
MAJOR = {"RWF": 50_000, "USD": 19.99, "KWD": 1.005}
"""In binary floating point 19.99 * 100 is 1998.9999999999998, and 1.005 * 1000 is 1004.9999999999999."""


async def _native(_: Shop, currency: str) -> dict[str, Any]:
    return {"title": "Invoice", "pricing": {"type": "fixed", "amount_minor": MINOR[currency], "currency": currency}}


async def _collections(_: Shop, currency: str) -> dict[str, Any]:
    return {
        "title": "Invoice #123", "amount_type": "fixed", "amount": MAJOR[currency], "currency": currency,
        "payment_types": ["card", "ussd"], "description": "For June", "redirect_url": "https://shop.example.com/ok",
        "max_uses": 3, "expires_at": "2031-12-31 23:59:59", "collect_phone": False, "collect_name": True,
        "collect_address": True, "logo_url": "https://shop.example.com/logo.png",
        "metadata": {"order": [1, {"a": None}]},
    }  # fmt: skip


async def _core(_: Shop, currency: str) -> dict[str, Any]:
    return {
        "link_type": "instant", "title": "Donation", "price": MINOR[currency], "currency_code": currency,
        "public_description": "Support our cause!", "private_description": "Board only", "allowed_providers": ["WAVE"],
        "allow_coupon_code": True, "expires_at": "2031-01-01T00:00:00Z", "success_url": "https://example.com/thanks",
        "cancel_url": "https://example.com/cancel", "metadata": {"campaign": "june"},
    }  # fmt: skip


_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Among so many random digits a card number may stand, which no name may hold."""


async def _digital(shop: Shop, currency: str) -> dict[str, Any]:
    price = {"amount_minor": MINOR[currency], "currency": currency}
    product = await shop.tenant.product(name=f"Course {new_id().hex.translate(_LETTERS)}", price=price)
    return {
        "product_id": product["digital_id"], "slug": f"course-{new_id().hex[:12]}", "title": "Advanced course",
        "payment_methods": "mobile_money,card", "max_uses": 100, "expires_at": "2031-12-31T23:59:59Z",
    }  # fmt: skip


async def _catalog(shop: Shop, currency: str) -> dict[str, Any]:
    product = await shop.tenant.product(price={"amount_minor": MINOR[currency], "currency": currency})
    return {
        "name": "Spring campaign", "products": [{"product_id": product["id"], "quantity": 1}], "currency": currency,
        "pricing_mode": "TAX_INCLUSIVE", "expires_at": "2031-12-31T23:59:59Z", "max_uses": 4,
        "metadata": {"channel": "newsletter", "rate": 0.1},
    }  # fmt: skip


async def _gated(shop: Shop, currency: str) -> dict[str, Any]:
    return {
        "email": "amina@example.com", "org_id": str(shop.tenant.organization.id), "transaction_id": "TX-77",
        "payment_amount": MAJOR[currency], "currency": currency, "scheduled_at": "2031-01-01T08:00:00Z",
    }  # fmt: skip


VOICES = (
    Voice(
        name="native", path=ROOT, body=_native, id_of=lambda link: link["id"], address=str, inside=(),
        change=("PATCH", {"description": "Changed natively", "uses_max": 8}),
        changes=frozenset({"description", "uses"}),
        says={},
    ),
    Voice(
        name="collections", path="/collections/generation/v2/payment-links", body=_collections,
        id_of=lambda link: link["id"], address=str, inside=("link",),
        change=("PATCH", {"title": "Changed in collections", "max_uses": 7}),
        changes=frozenset({"title", "uses"}),
        says={
            "title": "title", "uses": "max_uses", "expires_at": "expires_at", "description": "description",
            "success_url": "redirect_url",
        },
    ),
    Voice(
        name="core", path="/core/payment-links", body=_core, id_of=lambda link: link["link_id"], address=str,
        inside=("data",),
        change=("PATCH", {"success_url": "https://example.com/changed-in-core", "expires_at": "2032-02-02T02:02:02Z"}),
        changes=frozenset({"success_url", "expires_at"}),
        says={
            "title": "title", "expires_at": "expires_at", "description": "public_description",
            "success_url": "success_url", "cancel_url": "cancel_url",
        },
    ),
    Voice(
        name="digital", path="/digital/api/v2/digital/links", body=_digital,
        id_of=lambda link: str(uuid_of_typeid("lnk", link["id"])),
        address=lambda link_id: as_typeid("lnk", UUID(link_id)), inside=("data",),
        change=("PUT", {"max_uses": 9, "expires_at": "2033-03-03T03:03:03Z"}),
        changes=frozenset({"uses", "expires_at"}),
        says={"title": "title", "uses": "max_uses", "expires_at": "expires_at"},
    ),
    Voice(
        name="catalog", path="/catalog/api/payment-links", body=_catalog, id_of=lambda link: link["id"], address=str,
        inside=(), change=("PATCH", {"name": "Changed in catalog", "max_uses": 6}),
        changes=frozenset({"internal_name", "uses"}),
        says={"internal_name": "name", "uses": "max_uses", "expires_at": "expires_at"},
        moves=frozenset({"stats", "name"}), currencies=("USD",),
    ),
    Voice(
        name="gated", path="/gated/payment-links", body=_gated, id_of=lambda link: link["link_id"], address=str,
        inside=(), change=None, changes=frozenset(), says={"expires_at": "expires_at"},
        lists="/gated/orgs/{org_id}/payment-links",
    ),
)  # fmt: skip
CHANGERS = tuple(voice for voice in VOICES if voice.change)
