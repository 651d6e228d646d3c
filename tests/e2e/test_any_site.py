"""What a merchant's own site may ask from a browser: what anybody may see, and nothing with credentials."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Page

from shared.kernel.ids import new_id
from tests.e2e.api import Api
from tests.support.browsing import Visitor

pytestmark = pytest.mark.stack
SHOP = "http://shop.example.com"
ASK = """async ([url, init]) => {
  try {
    const answer = await fetch(url, init);
    return [answer.status, await answer.json()];
  } catch (error) { return [0, String(error)]; }
}"""


@pytest.fixture
async def shop(visitor: Visitor) -> AsyncGenerator[Page]:
    """A page of another origin. From a server that there is: a made-up page may not ask this machine anything."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'<!doctype html><title>Shop</title><link rel="icon" href="data:,">'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        page = await visitor.open()
        await page.goto(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        yield page


async def paths_of(api: Api) -> dict[str, tuple[str, str, dict[str, Any] | None]]:
    """By name: method, path and body of each route that any site may call."""
    local = api.stack.local
    link = await api.link(title="Advanced Python Course")
    price = {"amount_minor": 1_999, "currency": "USD"}
    product = (await api.merchant("POST", "/v1/products", {"name": "Gift card", "price": price})).json()
    async with httpx.AsyncClient(base_url=api.stack.gateway) as client:
        cart = await client.post(
            "/catalog/api/payment-links/",
            json={"name": "Spring", "products": [{"product_id": product["id"]}]},
            headers=local["credentials"]["catalog"],
        )
        assert cart.status_code == 201, cart.text
        gated = await client.post(
            "/gated/payment-links",
            json={"email": "amina@example.com", "org_id": local["organization_id"]},
            headers=local["credentials"]["gated"],
        )
        assert gated.status_code == 201, gated.text
    public = f"/catalog/api/payment-links/public/{UUID(cart.json()['id'])}/"
    link_id = gated.json()["link_id"]
    return {
        "checkout": ("GET", f"/v1/checkout/{link['slug']}", None),
        "catalog preview": ("GET", public, None),
        "catalog start": ("POST", f"{public}start/", {"email": "buyer@example.com"}),
        "gated": ("GET", f"/gated/payment-links/{link_id}", None),
        "gated verify": ("POST", "/gated/payment-links/verify", {"link_id": link_id}),
    }


async def ask_before(client: httpx.AsyncClient, method: str, path: str, headers: str = "content-type") -> Any:
    asked = {"Origin": SHOP, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return await client.options(path, headers=asked)


async def test_a_page_of_another_site_reads_what_is_public(api: Api, shop: Page, visitor: Visitor) -> None:
    visitor.expected = {404}
    for name, (method, path, body) in (await paths_of(api)).items():
        init = {"method": method}
        if body is not None:
            init |= {"body": _json(body), "headers": {"Content-Type": "application/json"}}
        status, answer = await shop.evaluate(ASK, [api.stack.gateway + path, init])
        assert status in {200, 201}, (name, answer, visitor.problems)
        assert "amina" not in str(answer), name
    missing = f"{api.stack.gateway}/gated/payment-links/{new_id()}"
    assert (await shop.evaluate(ASK, [missing, {}]))[0] == 404, "a refusal can be read, too"
    assert visitor.problems == []


async def test_no_page_of_another_site_sends_credentials(api: Api, shop: Page) -> None:
    for method, path, _ in (await paths_of(api)).values():
        for init in (
            {"method": method, "credentials": "include"},
            {"method": method, "headers": {"Authorization": "Bearer x"}},
        ):
            status, _ = await shop.evaluate(ASK, [api.stack.gateway + path, init])
            assert status == 0, (path, init)


async def test_a_preflight_allows_the_documented_method_alone(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.stack.gateway) as client:
        for method, path, _ in (await paths_of(api)).values():
            answer = await ask_before(client, method, path)
            assert (answer.status_code, answer.content) == (204, b"")
            headers = answer.headers
            assert headers["access-control-allow-origin"] == "*"
            assert headers["access-control-allow-methods"] == method
            assert headers["access-control-allow-headers"] == "Content-Type, Idempotency-Key, Client-Nonce"
            assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/payment-links"),
        ("POST", "/v1/login"),
        ("POST", "/v1/checkout/some-link/sessions"),
        ("GET", "/core/payment-links"),
        ("POST", "/digital/api/v2/digital/links"),
        ("GET", "/collections/generation/v2/payment-links"),
        ("GET", "/catalog/api/payment-links/"),
        ("POST", "/catalog/checkout/create/"),
        ("POST", "/gated/payment-links"),
        ("POST", "/gated/payment-links/otp"),
        ("GET", "/dashboard/login"),
    ],
)
async def test_no_other_route_is_open_to_other_sites(api: Api, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=api.stack.gateway) as client:
        for answer in (
            await ask_before(client, method, path),
            await client.request(method, path, headers={"Origin": SHOP}),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


def _json(body: dict[str, Any]) -> str:
    return httpx.Request("POST", SHOP, json=body).content.decode()
