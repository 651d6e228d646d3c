"""What the `digital` document says of its fields, beyond its examples."""

from datetime import timedelta
from typing import Any

import pytest

from shared.kernel.money import Money
from tests.support.dashboard import Dashboard, refusal, signed_in
from tests.support.links import LinksService, Tenant

CARD_NUMBER = "4242 4242 4242 4242"


@pytest.fixture
async def dashboard(links: LinksService, shop: Tenant) -> Dashboard:
    return await signed_in(links, shop)


async def test_what_is_left_out_has_the_documented_defaults(dashboard: Dashboard) -> None:
    link = await dashboard.make()
    own = {"id", "created_at"}
    assert {key: link[key] for key in link if key not in own} == dashboard.body | {
        "payment_methods": "mobile_money,card",
        "is_active": True,
        "max_uses": 0,
        "use_count": 0,
        "expires_at": None,
    }
    nothing = await dashboard.make(
        slug="other", payment_methods="", max_uses=None, expires_at=None, price=None, is_active=None
    )
    assert {key: nothing[key] for key in nothing if key not in {*own, "slug"}} == {
        key: link[key] for key in link if key not in {*own, "slug"}
    }


@pytest.mark.parametrize(
    ("written", "told"),
    [("card", "card"), ("mobile_money", "mobile_money"), ("card, mobile_money", "card,mobile_money"),
     ("card,card", "card")],
)  # fmt: skip
async def test_methods_are_a_list_with_commas(dashboard: Dashboard, written: str, told: str) -> None:
    link = await dashboard.make(payment_methods=written)
    assert link["payment_methods"] == told
    assert (await dashboard.put(link, payment_methods=None))["payment_methods"] == "mobile_money,card"


async def test_a_slug_is_unique_and_can_be_changed(dashboard: Dashboard) -> None:
    longest = "a" * 64
    link = await dashboard.make(slug=longest)
    assert refusal(await dashboard.ask("POST", body=dashboard.body | {"slug": longest}))[:2] == (409, "slug_taken")
    other = await dashboard.make(slug="ugandan-tax-guide-2024")
    assert refusal(await dashboard.ask("PUT", f"/{other['id']}", {"slug": longest}))[:2] == (409, "slug_taken")
    assert (await dashboard.put(link, slug="short"))["slug"] == "short"
    assert (await dashboard.put(other, slug=longest))["slug"] == longest, "it came free"


async def test_a_slug_is_unique_among_all_organizations(links: LinksService, dashboard: Dashboard) -> None:
    await dashboard.make(slug="first-come")
    theirs = await signed_in(links, await links.tenant())
    answer = await theirs.ask("POST", body=theirs.body | {"slug": "first-come"})
    assert refusal(answer)[:2] == (409, "slug_taken")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"slug": "Upper"}, "slug"),
        ({"slug": "with_underscore"}, "slug"),
        ({"slug": "ümlaut"}, "slug"),
        ({"slug": "two words"}, "slug"),
        ({"slug": "a" * 65}, "slug"),
        ({"slug": ""}, "slug"),
        ({"slug": "line\n"}, "slug"),
        ({"slug": "-edge"}, "slug"),
        ({"slug": "dashboard"}, "slug"),
        ({"slug": None}, "slug"),
        ({"title": ""}, "title"),
        ({"title": CARD_NUMBER}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"product_id": 5}, "product_id"),
        ({"payment_methods": "cash"}, "payment_methods"),
        ({"payment_methods": "card,"}, "payment_methods"),
        ({"payment_methods": ["card"]}, "payment_methods"),
        ({"max_uses": -1}, "max_uses"),
        ({"max_uses": 0.5}, "max_uses"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"price": 0}, "price"),
        ({"price": 0.5}, "price"),
        ({"is_active": "yes"}, "is_active"),
    ],
)
async def test_what_cannot_be_accepted_is_told_by_the_name_that_was_sent(
    dashboard: Dashboard, fields: dict[str, Any], field: str
) -> None:
    assert refusal(await dashboard.ask("POST", body=dashboard.body | fields)) == (400, "invalid", field)
    link = await dashboard.make()
    if fields.get("product_id") is None:
        assert refusal(await dashboard.ask("PUT", f"/{link['id']}", fields)) == (400, "invalid", field)
    assert await dashboard.read(link) == link


@pytest.mark.parametrize("field", ["product_id", "slug", "title"])
async def test_what_is_required_is_asked_for_by_name(dashboard: Dashboard, field: str) -> None:
    body = {key: value for key, value in dashboard.body.items() if key != field}
    assert refusal(await dashboard.ask("POST", body=body)) == (400, "invalid", field)


async def test_zero_uses_is_without_limit(dashboard: Dashboard) -> None:
    link = await dashboard.make(max_uses=0)
    for _ in range(3):
        await dashboard.pay(link)
    now = await dashboard.read(link)
    assert (now["max_uses"], now["use_count"], now["is_active"]) == (0, 3, True)


async def test_a_link_is_no_longer_active_at_its_quota_until_that_is_raised(dashboard: Dashboard) -> None:
    link = await dashboard.make(max_uses=2)
    await dashboard.pay(link)
    assert (await dashboard.read(link))["is_active"] is True
    await dashboard.pay(link)
    now = await dashboard.read(link)
    assert (now["use_count"], now["is_active"]) == (2, False)
    assert (await dashboard.put(link, is_active=True))["is_active"] is False, "the quota is still reached"
    assert (await dashboard.put(link, max_uses=0))["is_active"] is True


async def test_a_link_is_no_longer_active_after_its_expiry(links: LinksService, dashboard: Dashboard) -> None:
    link = await dashboard.make(expires_at=f"{links.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    assert link["is_active"] is True
    links.ahead = timedelta(hours=2)
    assert (await dashboard.read(link))["is_active"] is False
    assert (await dashboard.ask("GET")).json()["data"][0]["is_active"] is False
    assert (await dashboard.put(link, expires_at=None))["is_active"] is True


async def test_a_link_may_have_another_title_and_price_than_its_product(dashboard: Dashboard) -> None:
    link = await dashboard.make(title="Early birds", price=40_000)
    assert (link["title"], link["price"]) == ("Early birds", 40_000)
    assert await dashboard.read(link) == link
    assert (await dashboard.ask("GET")).json()["data"][0] == link
    (native,) = (await dashboard.shop.client.get(f"/v1/payment-links?slug={link['slug']}")).json()["data"]
    assert (native["pricing"]["amount_minor"], native["pricing"]["product_id"]) == (40_000, dashboard.product["id"])
    assert (await dashboard.put(link, title="All birds"))["price"] == 40_000
    assert (await dashboard.put(link, price=45_000))["price"] == 45_000
    assert "price" not in await dashboard.put(link, price=None)


async def test_a_price_that_the_product_has_left_behind_is_told(dashboard: Dashboard) -> None:
    link = await dashboard.make()
    await dashboard.shop.client.patch(
        f"/v1/products/{dashboard.product['id']}", json={"price": {"amount_minor": 60_000, "currency": "UGX"}}
    )
    assert (await dashboard.read(link))["price"] == 50_000
    assert "price" not in await dashboard.put(link, price=60_000)


async def test_another_product_comes_with_its_own_price(dashboard: Dashboard) -> None:
    link = await dashboard.make(price=40_000)
    other = await dashboard.shop.product(name="Workshop", price={"amount_minor": 1_999, "currency": "USD"})
    now = await dashboard.put(link, product_id=other["digital_id"])
    assert (now["product_id"], "price" in now) == (other["digital_id"], False)
    assert (await dashboard.put(link, price=9.5))["price"] == 9.5


async def test_a_price_goes_with_a_product_only(dashboard: Dashboard) -> None:
    await dashboard.shop.make(slug="no-product")
    found = (await dashboard.ask("GET")).json()["data"][0]
    assert (found["slug"], found["product_id"]) == ("no-product", None)
    assert refusal(await dashboard.ask("PUT", f"/{found['id']}", {"price": 5})) == (400, "invalid", "price")


async def test_an_archived_product_is_not_sold_anew(dashboard: Dashboard) -> None:
    await dashboard.shop.client.patch(f"/v1/products/{dashboard.product['id']}", json={"active": False})
    assert refusal(await dashboard.ask("POST", body=dashboard.body))[:2] == (409, "product_archived")


@pytest.mark.parametrize(("minor", "currency", "revenue"), [(50_000, "UGX", 100_000), (1_999, "USD", 39.98)])
async def test_revenue_is_in_the_major_unit(links: LinksService, minor: int, currency: str, revenue: float) -> None:
    dashboard = await signed_in(links, await links.tenant(), price={"amount_minor": minor, "currency": currency})
    link = await dashboard.make()
    total = Money(minor, currency)
    for _ in range(2):
        await dashboard.pay(link, total=total)
    answer = await dashboard.ask("GET", f"/{link['id']}/revenue")
    assert answer.json() == {
        "success": True,
        "data": {"total_revenue": revenue, "paid_orders": 2, "currency": currency},
    }


async def test_the_list_comes_in_pages(dashboard: Dashboard) -> None:
    slugs = [(await dashboard.make(slug=f"course-{number}"))["slug"] for number in range(3)]
    first = (await dashboard.ask("GET", "?page_size=2")).json()
    assert first["meta"] == {"page": 1, "page_size": 2, "total": 4}
    rest = (await dashboard.ask("GET", "?page=2&page_size=2")).json()["data"]
    assert [link["slug"] for link in first["data"] + rest] == [*slugs[::-1], "course"]
    assert refusal(await dashboard.ask("GET", "?page_size=101")) == (400, "invalid", "page_size")
