"""What the `digital` document says of its fields, beyond its examples, and what keeps other sites out."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.kernel.money import Money
from tests.support.links import PUBLIC_URL, LinksService, Tenant
from tests.support.members import client_of, someone
from tests.support.uses import settle

PATH = "/digital/api/v2/digital/links"
CARD_NUMBER = "4242 4242 4242 4242"
NO_PRODUCT = "prod_00000000000000000000000000"
NO_LINK = "lnk_00000000000000000000000000"


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


@pytest.fixture
async def dashboard(links: LinksService, shop: Tenant) -> Dashboard:
    return await signed_in(links, shop)


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    assert (told.keys(), told["success"]) == ({"success", "error"}, False)
    assert told["error"]["message"]
    assert told["error"].keys() <= {"code", "message", "field"}
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, told["error"]["code"], told["error"].get("field")


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


async def test_every_refusal_is_in_the_envelope(dashboard: Dashboard) -> None:
    link = await dashboard.make()
    one = f"/{link['id']}"
    broken = await dashboard.client.post(PATH, content=b"{", headers={"Content-Type": "application/json"})
    assert refusal(broken) == (400, "invalid", None)
    assert refusal(await dashboard.ask("PUT", one, {"title": "bell \u0007"}))[:2] == (400, "invalid")
    assert refusal(await dashboard.ask("GET", Cookie="session=made.up"))[:2] == (401, "unauthorized")
    assert refusal(await dashboard.ask("GET", Cookie="", X_API_Key=dashboard.shop.bearer))[0] == 401
    for method, path, body in (("GET", "", None), ("PUT", "", {}), ("DELETE", "", None), ("GET", "/revenue", None)):
        for link_id in (NO_LINK, "lnk_01j2k3m4n5p6", "01a1fede-3160-7471-8ef2-9c3fd0f0a600"):
            assert refusal(await dashboard.ask(method, f"/{link_id}{path}", body))[:2] == (404, "not_found")
    for product_id in (NO_PRODUCT, dashboard.product["id"]):
        missing = await dashboard.ask("POST", body=dashboard.body | {"product_id": product_id})
        assert (refusal(missing)[0], missing.json()["error"]["message"]) == (404, "There is no such product.")
    assert refusal(await dashboard.ask("GET", f"{one}/orders"))[:2] == (404, "not_found")
    assert refusal(await dashboard.ask("PATCH", one, {}))[:2] == (405, "method_not_allowed")
    for size in (70_000, 300_000):
        large = await dashboard.ask("POST", body=dashboard.body | {"title": "x" * size})
        assert refusal(large)[:2] == (413, "payload_too_large")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://shop.example.com"},
        {"Origin": "null"},
        {"Origin": PUBLIC_URL.replace("https", "http")},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
async def test_no_other_site_changes_anything_with_the_cookie(dashboard: Dashboard, headers: dict[str, str]) -> None:
    link = await dashboard.make()
    body = dashboard.body | {"slug": "forged"}
    for method, path, sent in (("POST", "", body), ("PUT", f"/{link['id']}", {"max_uses": 1}),
                               ("DELETE", f"/{link['id']}", None)):  # fmt: skip
        assert refusal(await dashboard.ask(method, path, sent, **headers))[:2] == (403, "other_site")
    assert await dashboard.read(link) == link


async def test_our_own_pages_and_programs_are_let_in(dashboard: Dashboard) -> None:
    link = await dashboard.make()
    for headers in ({"Origin": PUBLIC_URL}, {"Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "none"}):
        answer = await dashboard.ask("PUT", f"/{link['id']}", {"max_uses": 5}, **headers)
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""]
)
async def test_what_a_form_of_another_site_can_send_is_refused(dashboard: Dashboard, kind: str) -> None:
    link = await dashboard.make()
    content = b'{"max_uses": 1}'
    answer = await dashboard.client.put(f"{PATH}/{link['id']}", content=content, headers={"Content-Type": kind})
    assert refusal(answer)[:2] == (415, "not_json")
    fine = await dashboard.client.put(
        f"{PATH}/{link['id']}", content=content, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert (fine.status_code, fine.json()["data"]["max_uses"]) == (200, 1)


async def test_a_role_that_only_reads_changes_nothing(links: LinksService, dashboard: Dashboard) -> None:
    link = await dashboard.make()
    viewer = await someone(links, dashboard.shop, "viewer")
    cookie = (await viewer.sign_in(kind="cookie"))["token"]
    assert (await dashboard.ask("GET", f"/{link['id']}", Cookie=f"session={cookie}")).status_code == 200
    refused = await dashboard.ask("PUT", f"/{link['id']}", {"max_uses": 1}, Cookie=f"session={cookie}")
    assert refusal(refused)[:2] == (403, "forbidden")


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
