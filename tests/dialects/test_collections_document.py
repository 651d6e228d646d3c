"""Every example of the `collections` document, as it is written there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.links.use_cases import create_link
from shared.contracts.checkout import ChargeFailed
from shared.kernel.money import Money
from tests.support.links import LinksService, Tenant
from tests.support.uses import fact, settle, succeeded, take_in

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


LINK = UUID("25a5643d-31de-490d-808d-82af72fdd097")
CHARGE = UUID("5de825d0-0000-7000-8000-000000000000")
PAID_AT = datetime(2026, 3, 9, 15, 56, 32, tzinfo=UTC)


@pytest.mark.documented("GET /generation/v2/payment-links/{id}", "the example of details: stats and recent charges")
async def test_the_details_example_gets_the_documented_answer(
    links: LinksService, shop: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create_link, "new_id", lambda: LINK)
    links.ahead = PAID_AT - datetime.now(UTC)
    flexible = {"title": "Donation", "amount_type": "flexible", "currency": "RWF"}
    made = await shop.client.post(PATH, json=flexible, headers=headers(shop))
    assert made.json()["link"]["id"] == str(LINK), made.text
    total = Money(500, "RWF")
    for number in range(3):
        ask, _ = await links.hold(made.json()["link"], shop)
        earlier = PAID_AT - timedelta(hours=1 + number)
        await take_in(links, fact(ChargeFailed, ask, version=1, at=earlier, total=total, reason="insufficient_funds"))
    ask, _ = await links.hold(made.json()["link"], shop, charge_id=CHARGE)
    await settle(links, ask, total=total)
    await take_in(links, succeeded(ask, version=1, at=PAID_AT, total=total))
    answer = (await shop.client.get(f"{PATH}/{LINK}", headers=headers(shop))).json()
    assert answer["stats"] == {
        "total_charges": 4,
        "successful_charges": 1,
        "pending_charges": 0,
        "failed_charges": 3,
        "total_collected": 500,
        "currency": "RWF",
    }
    assert next(charge for charge in answer["recent_charges"] if charge["id"] == str(CHARGE)) == {
        "id": str(CHARGE),
        "amount": "500.00",
        "currency": "RWF",
        "status": "success",
        "created_at": "2026-03-09 15:56:32",
    }
    assert answer["link"] == made.json()["link"] | {"use_count": 1}


async def test_details_of_a_link_that_nobody_paid_carry_zeros_and_no_charges(links: LinksService, shop: Tenant) -> None:
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
