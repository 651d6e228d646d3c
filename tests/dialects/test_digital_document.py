"""Every example of the `digital` document, as it is written there."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.links.domain.typeid import uuid_of_typeid
from tests.support.links import LinksService, Tenant
from tests.support.members import client_of, someone
from tests.support.uses import settle

PATH = "/digital/api/v2/digital/links"
DAY = datetime(2024, 7, 15, 10, 0, 0, tzinfo=UTC)
PRODUCT = "prod_01j2k3m4n5p6"
CREATE = b"""{
  "product_id": "prod_01j2k3m4n5p6",
  "slug": "my-python-course",
  "title": "Advanced Python Course",
  "payment_methods": "mobile_money,card",
  "max_uses": 100,
  "expires_at": "2025-12-31T23:59:59Z"
}"""
PUT = b"""{
  "is_active": false,
  "max_uses": 50
}"""


@pytest.fixture
async def browser(links: LinksService, shop: Tenant) -> httpx.AsyncClient:
    """Signed in on the document's day, in a shop that has the document's product."""
    links.ahead = DAY - datetime.now(UTC)
    product = await shop.product(name="Python course", price={"amount_minor": 50_000, "currency": "UGX"})
    await links.pg.execute("UPDATE product SET digital_id = $2 WHERE id = $1", UUID(product["id"]), PRODUCT)
    owner = await someone(links, shop)
    signed_in = await owner.sign_in(kind="cookie")
    client = client_of(links)
    client.headers["Cookie"] = f"session={signed_in['token']}"
    return client


async def created(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.post(PATH, content=CREATE, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body.keys(), body["success"]) == ({"success", "data"}, True)
    return body["data"]


@pytest.mark.documented("POST /api/v2/digital/links", "the example of creating, byte for byte")
async def test_the_create_example_gets_the_documented_answer(browser: httpx.AsyncClient) -> None:
    link = await created(browser)
    assert (link.pop("id")[:4], link.pop("created_at")[:17]) == ("lnk_", "2024-07-15T10:00:")
    assert link == {
        "product_id": PRODUCT,
        "slug": "my-python-course",
        "title": "Advanced Python Course",
        "payment_methods": "mobile_money,card",
        "is_active": True,
        "max_uses": 100,
        "use_count": 0,
        "expires_at": "2025-12-31T23:59:59Z",
    }


@pytest.mark.documented("PUT /api/v2/digital/links/{id}", "the example of changing, byte for byte")
async def test_a_put_changes_only_what_it_names(browser: httpx.AsyncClient) -> None:
    link = await created(browser)
    answer = await browser.put(f"{PATH}/{link['id']}", content=PUT, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"success": True, "data": link | {"is_active": False, "max_uses": 50}},
    )


@pytest.mark.documented("GET /api/v2/digital/links", "the list, and one link")
async def test_links_are_listed_and_read(browser: httpx.AsyncClient) -> None:
    link = await created(browser)
    listed = (await browser.get(PATH)).json()
    assert (listed["success"], listed["data"][0]) == (True, link)
    read = await browser.get(f"{PATH}/{link['id']}")
    assert (read.status_code, read.json()) == (200, {"success": True, "data": link})


@pytest.mark.documented("GET /api/v2/digital/links/{id}/revenue", "the example of revenue: 30 paid orders")
async def test_the_revenue_example_gets_the_documented_answer(
    links: LinksService, shop: Tenant, browser: httpx.AsyncClient
) -> None:
    link = await created(browser)
    link_id = {"id": str(uuid_of_typeid("lnk", link["id"]))}
    for _ in range(30):
        ask, _ = await links.hold(link_id, shop)
        await settle(links, ask)
    answer = await browser.get(f"{PATH}/{link['id']}/revenue")
    assert (answer.status_code, answer.json()) == (
        200,
        {"success": True, "data": {"total_revenue": 1500000, "paid_orders": 30, "currency": "UGX"}},
    )


async def test_revenue_before_the_first_order_is_zero_in_the_links_currency(browser: httpx.AsyncClient) -> None:
    link = await created(browser)
    answer = await browser.get(f"{PATH}/{link['id']}/revenue")
    assert answer.json()["data"] == {"total_revenue": 0, "paid_orders": 0, "currency": "UGX"}


@pytest.mark.documented("DELETE /api/v2/digital/links/{id}", "that a deleted link is gone")
async def test_a_deleted_link_is_gone(browser: httpx.AsyncClient) -> None:
    link = await created(browser)
    answer = await browser.delete(f"{PATH}/{link['id']}")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    gone = await browser.get(f"{PATH}/{link['id']}")
    assert (gone.status_code, gone.json()["success"]) == (404, False)


@pytest.mark.documented("GET /api/v2/digital/links", "that a product has a link from the start")
async def test_every_product_has_a_link_of_its_own_from_the_start(browser: httpx.AsyncClient) -> None:
    first = (await browser.get(PATH)).json()["data"][-1]
    assert (first["title"], first["slug"], first["is_active"]) == ("Python course", "python-course", True)
