"""Everything that the `catalog` document promises, route by route. It has no JSON beyond the names of the fields."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.support.catalog import PATH, PUBLIC, Shop, shop_of
from tests.support.links import LinksService, Tenant
from tests.support.members import PASSWORD, someone

DAY = datetime(2026, 4, 3, 10, 0, 0, tzinfo=UTC)
CREATE = """{
  "name": "Spring campaign",
  "products": [{ "product_id": "<public id>", "quantity": 2 }],
  "currency": "USD",
  "pricing_mode": "TAX_EXCLUSIVE",
  "expires_at": "2026-12-31T23:59:59Z",
  "max_uses": 100,
  "metadata": {"channel": "newsletter"}
}"""


@pytest.fixture
async def catalog(links: LinksService, shop: Tenant) -> Shop:
    links.ahead = DAY - datetime.now(UTC)
    return await shop_of(links, shop)


async def created(catalog: Shop) -> dict[str, Any]:
    body = CREATE.replace("<public id>", catalog.products[0])
    answer = await catalog.member.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.documented("POST /api/payment-links/", "every field of the create body")
async def test_a_link_is_created_from_products_quantities_and_a_currency(catalog: Shop) -> None:
    link = await created(catalog)
    assert [link.pop("created_at")[:16], link.pop("updated_at")[:16]] == ["2026-04-03T10:00"] * 2
    assert link == {
        "id": str(UUID(link["id"])),
        "name": "Spring campaign",
        "url": "https://pay.example.com/checkout/gift-card-" + link["url"].rpartition("-")[2],
        "is_active": True,
        "status": "active",
        "products": [
            {
                "product_id": catalog.products[0],
                "name": "Gift card",
                "description": None,
                "image_url": None,
                "quantity": 2,
                "unit_price": "19.99",
                "amount": "39.98",
                "tax_name": None,
                "tax_amount": "0.00",
            }
        ],
        "currency": "USD",
        "pricing_mode": "TAX_EXCLUSIVE",
        "subtotal": "39.98",
        "tax_amount": "0.00",
        "total": "39.98",
        "expires_at": "2026-12-31T23:59:59Z",
        "max_uses": 100,
        "use_count": 0,
        "metadata": {"channel": "newsletter"},
        "paid_count": 0,
        "revenue": "0.00",
        "revenue_by_currency": {},
    }


@pytest.mark.documented("GET /api/payment-links/", "the list with paid count and revenue")
async def test_links_are_listed_with_what_they_earned(catalog: Shop) -> None:
    link = await created(catalog)
    answer = await catalog.member.get(PATH)
    listed = answer.json()
    # The product's own link is there, too: every link reads in every dialect.
    assert (answer.status_code, listed["count"], listed["next"], listed["previous"]) == (200, 2, None, None)
    assert listed["results"][0] == link


@pytest.mark.documented("GET /api/payment-links/<uuid>/", "details with dashboard stats")
async def test_details_carry_the_dashboards_statistics(catalog: Shop) -> None:
    link = await created(catalog)
    assert await catalog.read(link["id"]) == link | {
        "stats": {
            "paid_count": 0,
            "revenue": "0.00",
            "currency": "USD",
            "revenue_by_currency": {},
            "last_paid_at": None,
            "remaining_uses": 100,
            "payments_total": 0,
            "payments_paid": 0,
            "payments_pending": 0,
            "payments_failed": 0,
        }
    }


@pytest.mark.documented("PATCH /api/payment-links/<uuid>/", "each field that can be changed")
@pytest.mark.parametrize(
    "change",
    [
        {"name": "Summer campaign"},
        {"is_active": False},
        {"expires_at": "2027-01-31T00:00:00Z"},
        {"max_uses": 5},
        {"metadata": {"channel": "radio"}},
        {"expires_at": None},
        {"max_uses": None},
    ],
)
async def test_each_documented_field_can_be_changed_and_nothing_else_moves(
    catalog: Shop, change: dict[str, Any]
) -> None:
    link = await created(catalog)
    answer = await catalog.member.patch(f"{PATH}{link['id']}/", json=change)
    assert answer.status_code == 200, answer.text
    expected = link | change | ({"status": "inactive"} if "is_active" in change else {})
    assert answer.json() | {"updated_at": ""} == expected | {"updated_at": ""}


@pytest.mark.documented("DELETE /api/payment-links/<uuid>/", "soft delete")
async def test_a_deleted_link_is_gone_for_members_and_unavailable_for_buyers(catalog: Shop) -> None:
    link = await created(catalog)
    answer = await catalog.member.delete(f"{PATH}{link['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        gone = await catalog.member.request(method, f"{PATH}{link['id']}/", json={} if method == "PATCH" else None)
        assert gone.status_code == 404, method
    assert (await catalog.member.get(f"{PATH}{link['id']}/payments/")).status_code == 404
    assert (await catalog.anybody.get(f"{PUBLIC}{link['id']}/")).status_code == 410
    assert link["id"] not in [one["id"] for one in (await catalog.member.get(PATH)).json()["results"]]


@pytest.mark.documented("GET /api/payment-links/<uuid>/payments/", "payments through the link")
async def test_the_payments_of_a_link_are_listed(catalog: Shop) -> None:
    link = await created(catalog)
    answer = await catalog.member.get(f"{PATH}{link['id']}/payments/")
    assert (answer.status_code, answer.json()) == (200, {"count": 0, "next": None, "previous": None, "results": []})


@pytest.mark.documented("GET /api/payment-links/public/<link-uuid>/", "the preview, without credentials")
async def test_a_buyer_previews_the_link_without_any_credentials(catalog: Shop) -> None:
    link = await created(catalog)
    answer = await catalog.anybody.get(f"{PUBLIC}{link['id']}/")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": link["id"],
            "title": "Gift card",
            "description": None,
            "organization_name": "Kampala Coffee",
            "organization_logo_url": None,
            **{name: link[name] for name in ("products", "currency", "pricing_mode", "subtotal", "tax_amount")},
            "total": "39.98",
            "totals": [
                {"currency": "USD", "subtotal": "39.98", "tax_amount": "0.00", "total": "39.98"},
                {"currency": "EUR", "subtotal": "37.98", "tax_amount": "0.00", "total": "37.98"},
            ],
            "expires_at": "2026-12-31T23:59:59Z",
            "url": link["url"],
        },
    )


@pytest.mark.documented("POST /api/payment-links/public/<link-uuid>/start/", "checkout_url and token")
async def test_a_buyer_starts_the_checkout_with_nothing_but_an_address(catalog: Shop) -> None:
    link = await created(catalog)
    answer = await catalog.anybody.post(f"{PUBLIC}{link['id']}/start/", json={"email": "buyer@example.com"})
    assert answer.status_code == 201, answer.text
    session = answer.json()
    assert session.keys() == {"id", "payment_link", "checkout_url", "token", "expires_at"}
    assert (session["payment_link"], session["token"]) == (link["id"], "secret")
    assert session["checkout_url"].startswith("https://pay.example.com/checkout/")


@pytest.mark.documented("GET /api/payment-links/public/<link-uuid>/", "410 when inactive, expired or used up")
@pytest.mark.parametrize("why", ["inactive", "expired", "exhausted"])
async def test_a_link_that_is_inactive_expired_or_used_up_is_gone(links: LinksService, catalog: Shop, why: str) -> None:
    link = await created(catalog)
    if why == "inactive":
        await catalog.member.patch(f"{PATH}{link['id']}/", json={"is_active": False})
    elif why == "expired":
        links.ahead += datetime(2027, 1, 1, tzinfo=UTC) - DAY
    else:
        await links.pg.execute("UPDATE link_uses SET used = 100, exhausted_at = $1", links.now())
    for answer in (
        await catalog.anybody.get(f"{PUBLIC}{link['id']}/"),
        await catalog.anybody.post(f"{PUBLIC}{link['id']}/start/", json={"email": "buyer@example.com"}),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (410, why), answer.text
    assert catalog.checkout.asked == []


@pytest.mark.documented("POST /checkout/create/", "arbitrary line items by API key")
async def test_a_server_creates_a_checkout_for_arbitrary_line_items_with_its_api_key(catalog: Shop) -> None:
    body = {
        "email": "buyer@example.com",
        "line_items": [{"name": "Setup", "unit_price": "49.00"}, {"name": "Hours", "unit_price": 12.5, "quantity": 3}],
    }
    answer = await catalog.server.post("/catalog/checkout/create/", json=body)
    assert answer.status_code == 201, answer.text
    link = await catalog.read(answer.json()["payment_link"])
    assert (link["currency"], link["total"], link["max_uses"]) == ("USD", "86.50", 1)
    assert [line["amount"] for line in link["products"]] == ["49.00", "37.50"]


@pytest.mark.documented("GET /api/payment-links/", "Token is let in, Api-Key is not")
async def test_only_the_token_opens_the_management_of_links(catalog: Shop) -> None:
    link = await created(catalog)
    for wrong in ("", f"Api-Key {catalog.tenant.bearer}", f"Token {catalog.tenant.bearer}", f"Bearer {catalog.token}"):
        for method, path in (
            ("GET", PATH),
            ("POST", PATH),
            ("GET", f"{PATH}{link['id']}/"),
            ("PATCH", f"{PATH}{link['id']}/"),
            ("DELETE", f"{PATH}{link['id']}/"),
            ("GET", f"{PATH}{link['id']}/payments/"),
        ):
            answer = await catalog.anybody.request(method, path, headers={"Authorization": wrong} if wrong else {})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), (wrong, method, path)
    assert (await catalog.read(link["id"]))["is_active"] is True


async def test_a_login_issues_the_token(links: LinksService, catalog: Shop) -> None:
    owner = await someone(links, catalog.tenant)
    answer = await catalog.anybody.post(
        "/catalog/api/login/", json={"email": owner.email, "password": owner.password or PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    headers = {"Authorization": f"Token {token}"}
    assert (await catalog.anybody.get(PATH, headers=headers)).status_code == 200
    assert (await catalog.anybody.post("/catalog/api/logout/", headers=headers)).status_code == 204
    assert (await catalog.anybody.get(PATH, headers=headers)).status_code == 401
