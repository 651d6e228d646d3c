"""Every example of the `collections` document, as it is written there."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.links import LinksService, Tenant

PATH = "/collections/generation/v2/payment-links"
DAY = datetime(2026, 4, 3, 10, 0, 0, tzinfo=UTC)
CREATE = b"""{
"title": "Invoice #123",
"amount_type": "fixed",
"amount": 50000,
"currency": "RWF",
"payment_types": ["card", "mobile_money"],
"max_uses": 1,
"expires_at": "2026-12-31 23:59:59"
}"""


def headers(shop: Tenant) -> dict[str, str]:
    return {"Authorization": "", "X-DGS-API-Key": shop.bearer, "Content-Type": "application/json"}


async def created(links: LinksService, shop: Tenant, **fields: Any) -> dict[str, Any]:
    links.ahead = DAY - datetime.now(UTC)
    answer = await shop.client.post(PATH, content=CREATE, headers=headers(shop))
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.documented("POST /generation/v2/payment-links", "the example of creating, byte for byte")
async def test_the_create_example_gets_the_documented_answer(links: LinksService, shop: Tenant) -> None:
    answer = await created(links, shop)
    assert answer.pop("link") == {
        "id": (await listed(shop))[0]["id"],
        "slug": "invoice-123",
        "url": "https://pay.example.com/collections/generation/pay/invoice-123",
        "title": "Invoice #123",
        "amount_type": "fixed",
        "amount": 50000,
        "currency": "RWF",
        "payment_types": ["card", "mobile_money"],
        "use_count": 0,
        "max_uses": 1,
        "status": "active",
        "expires_at": "2026-12-31 23:59:59",
        "created_at": "2026-04-03 10:00:00",
    }
    assert answer == {"status": "success", "message": "Payment link created"}


async def listed(shop: Tenant) -> list[dict[str, Any]]:
    answer = await shop.client.get(PATH, headers=headers(shop))
    assert answer.status_code == 200, answer.text
    return answer.json()["links"]


@pytest.mark.documented("DELETE /generation/v2/payment-links/{id}", "the answer to archiving, and that it is for good")
async def test_archiving_gets_the_documented_answer_and_is_for_good(links: LinksService, shop: Tenant) -> None:
    link = (await created(links, shop))["link"]
    answer = await shop.client.delete(f"{PATH}/{link['id']}", headers=headers(shop))
    assert (answer.status_code, answer.json()) == (200, {"status": "success", "message": "Payment link archived"})
    read = await shop.client.get(f"{PATH}/{link['id']}", headers=headers(shop))
    assert read.json()["link"]["status"] == "archived"
    refused = await shop.client.patch(f"{PATH}/{link['id']}", json={"title": "x"}, headers=headers(shop))
    assert (refused.status_code, refused.json()["code"]) == (409, "link_ended")


@pytest.mark.documented("GET /generation/v2/payment-links/{id}", "details with stats and recent charges")
async def test_details_carry_stats_and_recent_charges(links: LinksService, shop: Tenant) -> None:
    link = (await created(links, shop))["link"]
    answer = await shop.client.get(f"{PATH}/{link['id']}", headers=headers(shop))
    assert answer.json() == {
        "status": "success",
        "link": link,
        "stats": {
            "total_charges": 0,
            "successful_charges": 0,
            "pending_charges": 0,
            "failed_charges": 0,
            "total_collected": 0,
            "currency": "RWF",
        },
        "recent_charges": [],
    }


async def test_refusals_keep_the_envelope(links: LinksService, shop: Tenant) -> None:
    for body, field in (
        ({"title": "x", "amount_type": "fixed", "currency": "RWF"}, "amount"),
        ({"amount_type": "fixed", "currency": "RWF", "amount": 1}, "title"),
        ({"title": "x", "amount_type": "fixed", "currency": "RWF", "amount": 0.5}, "amount"),
    ):
        answer = await shop.client.post(PATH, json=body, headers=headers(shop))
        assert (answer.status_code, answer.json().get("status"), answer.json().get("field")) == (400, "error", field), (
            answer.text
        )
    answer = await shop.client.get(PATH, headers={"Authorization": f"Bearer {shop.bearer}"})
    assert (answer.status_code, answer.json()["status"]) == (401, "error")
    answer = await shop.client.get("/collections/nothing", headers=headers(shop))
    assert (answer.status_code, answer.json()["status"]) == (404, "error")
