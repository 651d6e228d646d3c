"""Somebody at a dashboard that speaks `digital`: a session cookie, and a shop with one product."""

from typing import Any

import httpx

from tests.support.links import LinksService, Tenant
from tests.support.members import client_of, someone
from tests.support.uses import settle

PATH = "/digital/api/v2/digital/links"


class Dashboard:
    """A member's browser in a shop with one product."""

    def __init__(self, links: LinksService, shop: Tenant, product: dict[str, Any], cookie: str) -> None:
        self.links, self.shop, self.product = links, shop, product
        self.client = client_of(links)
        self.client.headers["Cookie"] = f"session={cookie}"

    @property
    def body(self) -> dict[str, Any]:
        return {"product_id": self.product["digital_id"], "slug": "my-course", "title": "Advanced course"}

    async def ask(self, method: str, path: str = "", body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, PATH + path, json=body, headers=named)

    async def make(self, **fields: Any) -> dict[str, Any]:
        answer = await self.ask("POST", body=self.body | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def put(self, link: dict[str, Any], **fields: Any) -> dict[str, Any]:
        answer = await self.ask("PUT", f"/{link['id']}", fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def read(self, link: dict[str, Any]) -> dict[str, Any]:
        return (await self.ask("GET", f"/{link['id']}")).json()["data"]

    async def pay(self, link: dict[str, Any], **over: Any) -> None:
        """A use is held and settled, as by a payment."""
        (found,) = (await self.shop.client.get(f"/v1/payment-links?slug={link['slug']}")).json()["data"]
        asked, _ = await self.links.hold(found, self.shop)
        await settle(self.links, asked, **over)


async def signed_in(links: LinksService, shop: Tenant, **product: Any) -> Dashboard:
    sold = await shop.product(name="Course", **product)
    owner = await someone(links, shop)
    return Dashboard(links, shop, sold, (await owner.sign_in(kind="cookie"))["token"])


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    assert (told.keys(), told["success"]) == ({"success", "error"}, False)
    assert told["error"]["message"]
    assert told["error"].keys() <= {"code", "message", "field"}
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, told["error"]["code"], told["error"].get("field")
