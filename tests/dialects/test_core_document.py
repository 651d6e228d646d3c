"""Every example of the `core` document, as it is written there."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.support.links import LinksService, Tenant

PATH = "/core/payment-links"
DAY = datetime(2023, 10, 27, 10, 0, 0, tzinfo=UTC)
CREATE = b"""{
  "link_type": "instant",
  "title": "Donation",
  "price": 5000,
  "currency_code": "XOF",
  "public_description": "Support our cause!",
  "success_url": "https://example.com/thank-you"
}"""
PATCH = b"""{
  "allowed_providers": ["WAVE"],
  "metadata": { "updated_via": "api" }
}"""


def headers(shop: Tenant) -> dict[str, str]:
    return {"Authorization": "", "X-API-Key": shop.bearer, "Content-Type": "application/json"}


async def created(links: LinksService, shop: Tenant) -> dict[str, Any]:
    links.ahead = DAY - datetime.now(UTC)
    answer = await shop.client.post(PATH, content=CREATE, headers=headers(shop))
    assert answer.status_code == 201, answer.text
    assert b'"price":5000.00,' in answer.content
    body = answer.json()
    assert body.keys() == {"success", "data"}
    assert body["success"] is True
    return body["data"]


@pytest.mark.documented("POST /payment-links", "the example of creating, byte for byte")
async def test_the_create_example_gets_the_documented_answer(links: LinksService, shop: Tenant) -> None:
    link = await created(links, shop)
    assert [link.pop("created_at")[:19], link.pop("updated_at")[:19]] == ["2023-10-27T10:00:00"] * 2
    link_id = UUID(link["link_id"])
    assert link == {
        "link_id": str(link_id),
        "merchant_id": str(UUID(link["merchant_id"])),
        "organization_id": str(shop.organization.id),
        "link_type": "instant",
        "url": f"https://pay.example.com/core/instant/{link_id}",
        "product_id": None,
        "product_name": None,
        "product_price": None,
        "plan_id": None,
        "plan_name": None,
        "plan_amount": None,
        "title": "Donation",
        "public_description": "Support our cause!",
        "private_description": None,
        "price": 5000.00,
        "currency_code": "XOF",
        "allowed_providers": None,
        "allow_coupon_code": False,
        "is_active": True,
        "expires_at": None,
        "success_url": "https://example.com/thank-you",
        "cancel_url": None,
        "metadata": None,
    }


@pytest.mark.documented("GET /payment-links", "the list with its meta")
async def test_the_list_example_gets_the_documented_answer(links: LinksService, shop: Tenant) -> None:
    link = await created(links, shop)
    answer = await shop.client.get(PATH, headers=headers(shop))
    assert answer.json() == {
        "success": True,
        "data": [link],
        "meta": {"page": 1, "pageSize": 50, "totalCount": 1},
    }


@pytest.mark.documented("PATCH /payment-links/{link_id}", "the example of changing, byte for byte")
async def test_the_change_example_gets_the_documented_answer(links: LinksService, shop: Tenant) -> None:
    link = await created(links, shop)
    answer = await shop.client.patch(f"{PATH}/{link['link_id']}", content=PATCH, headers=headers(shop))
    changed = answer.json()
    assert (answer.status_code, changed["success"]) == (200, True)
    assert changed["data"].pop("updated_at") > link.pop("updated_at")
    assert changed["data"] == link | {"allowed_providers": ["WAVE"], "metadata": {"updated_via": "api"}}
    read = await shop.client.get(f"{PATH}/{link['link_id']}", headers=headers(shop))
    assert read.json()["data"]["allowed_providers"] == ["WAVE"]


@pytest.mark.documented("DELETE /payment-links/{link_id}", "204 without a body")
async def test_deleting_answers_without_a_body_and_the_link_is_gone(links: LinksService, shop: Tenant) -> None:
    link = await created(links, shop)
    answer = await shop.client.delete(f"{PATH}/{link['link_id']}", headers=headers(shop))
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "DELETE"):
        gone = await shop.client.request(method, f"{PATH}/{link['link_id']}", headers=headers(shop))
        assert (gone.status_code, gone.json()["success"]) == (404, False)
    listed = await shop.client.get(PATH, headers=headers(shop))
    assert listed.json()["meta"]["totalCount"] == 0
