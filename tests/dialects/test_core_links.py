"""What the `core` document says of its fields, filters and refusals, beyond its examples."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.links import LinksService, Tenant
from tests.support.uses import settle


@pytest.fixture
def links(shared_links: LinksService) -> LinksService:
    shared_links.ahead = timedelta()
    return shared_links


PATH = "/core/payment-links"
INSTANT = {"link_type": "instant", "title": "Donation", "price": 5000, "currency_code": "XOF"}
CARD_NUMBER = "4242 4242 4242 4242"
NOWHERE = "00000000-0000-7000-8000-000000000000"


async def ask(shop: Tenant, method: str, path: str = "", body: Any = None) -> httpx.Response:
    headers = {"Authorization": "", "X-API-Key": shop.bearer}
    return await shop.client.request(method, PATH + path, json=body, headers=headers)


async def made(shop: Tenant, **fields: Any) -> dict[str, Any]:
    answer = await ask(shop, "POST", body=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def changed(shop: Tenant, link: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await ask(shop, "PATCH", f"/{link['link_id']}", fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def listed(shop: Tenant, query: str = "") -> list[str]:
    """The titles, and that the count is that of a list on one page."""
    answer = await ask(shop, "GET", f"?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["totalCount"] == len(answer.json()["data"])
    return [link["title"] for link in answer.json()["data"]]


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    assert (told.keys(), told["success"]) == ({"success", "error"}, False)
    assert told["error"]["message"]
    assert told["error"].keys() <= {"code", "message", "field"}
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, told["error"]["code"], told["error"].get("field")


async def test_what_is_left_out_has_the_documented_defaults(shop: Tenant) -> None:
    link = await made(shop, **INSTANT)
    native = await shop.read(link["link_id"])
    assert (native["methods"], native["slug"]) == (["mobile_money", "card"], "donation")
    names = ("public_description", "private_description", "allowed_providers", "allow_coupon_code", "is_active",
             "expires_at", "success_url", "cancel_url", "metadata", "product_id", "plan_id")  # fmt: skip
    nothing = await made(shop, **INSTANT, **dict.fromkeys(names))
    own = {"link_id", "url", "created_at", "updated_at"}
    assert {key: link[key] for key in link if key not in own} == {key: nothing[key] for key in link if key not in own}


async def test_providers_that_are_left_out_are_the_organizations(links: LinksService) -> None:
    shop = await links.tenant()
    body = {"default_providers": ["wave", "orange"]}
    answer = await shop.client.patch(f"/v1/organizations/{shop.organization.id}", json=body)
    assert answer.status_code == 200, answer.text
    link = await made(shop, **INSTANT)
    assert link["allowed_providers"] == ["WAVE", "ORANGE"]
    assert (await changed(shop, link, allowed_providers=["MTN"]))["allowed_providers"] == ["MTN"]
    assert (await changed(shop, link, allowed_providers=None))["allowed_providers"] == ["WAVE", "ORANGE"]


async def test_a_product_link_sells_the_product_at_its_price(shop: Tenant) -> None:
    prices = [{"amount_minor": 1_999, "currency": "USD"}, {"amount_minor": 12_000, "currency": "XOF"}]
    product = await shop.product(name="Gift card", prices=prices, price=prices[0])
    link = await made(shop, link_type="product", title="A gift", currency_code="XOF", product_id=product["id"])
    assert (link["link_type"], link["product_id"], link["product_name"], link["product_price"], link["price"]) == (
        "product",
        product["id"],
        "Gift card",
        12_000,
        None,
    )
    assert link["url"] == f"https://pay.example.com/core/product/{link['link_id']}"


async def test_a_plan_link_begins_the_plan(shop: Tenant) -> None:
    plan = await shop.plan()
    link = await made(shop, link_type="plan", title="Every month", currency_code="XOF", plan_id=plan["id"])
    assert (link["plan_id"], link["plan_name"], link["plan_amount"]) == (plan["id"], "Coffee every month", 10_000)
    assert (link["price"], link["product_id"]) == (None, None)
    assert link["url"] == f"https://pay.example.com/core/plan/{link['link_id']}"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (INSTANT | {"link_type": "gift"}, "link_type"),
        ({key: INSTANT[key] for key in INSTANT if key != "link_type"}, "link_type"),
        ({key: INSTANT[key] for key in INSTANT if key != "title"}, "title"),
        ({key: INSTANT[key] for key in INSTANT if key != "currency_code"}, "currency_code"),
        ({key: INSTANT[key] for key in INSTANT if key != "price"}, "price"),
        (INSTANT | {"link_type": "product"}, "product_id"),
        (INSTANT | {"link_type": "plan"}, "plan_id"),
        (INSTANT | {"link_type": "product", "product_id": "prod_1"}, "product_id"),
        (INSTANT | {"price": 0}, "price"),
        (INSTANT | {"price": 50.5}, "price"),
        (INSTANT | {"price": -1}, "price"),
        (INSTANT | {"price": 10**19}, "price"),
        (INSTANT | {"title": " "}, "title"),
        (INSTANT | {"title": "two\nlines"}, "title"),
        (INSTANT | {"title": CARD_NUMBER}, "title"),
        (INSTANT | {"public_description": CARD_NUMBER}, "public_description"),
        (INSTANT | {"private_description": CARD_NUMBER}, "private_description"),
        (INSTANT | {"private_description": "x" * 5_001}, "private_description"),
        (INSTANT | {"metadata": {"card": CARD_NUMBER}}, "metadata.card"),
        (INSTANT | {"metadata": "text"}, "metadata"),
        (INSTANT | {"allowed_providers": ["not a code"]}, "allowed_providers[0]"),
        (INSTANT | {"allowed_providers": ["WAVE"] * 11}, "allowed_providers"),
        (INSTANT | {"allow_coupon_code": "yes"}, "allow_coupon_code"),
        (INSTANT | {"expires_at": "tomorrow"}, "expires_at"),
        (INSTANT | {"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        (INSTANT | {"success_url": "not a url"}, "success_url"),
        (INSTANT | {"cancel_url": "ftp://example.com/"}, "cancel_url"),
    ],
)
async def test_what_cannot_be_accepted_is_told_by_the_name_that_was_sent(
    shop: Tenant, fields: dict[str, Any], field: str
) -> None:
    assert refusal(await ask(shop, "POST", body=fields)) == (400, "invalid", field)
    assert await listed(shop) == []


async def test_every_refusal_is_in_the_envelope(shop: Tenant) -> None:
    link = await made(shop, **INSTANT)
    headers = {"Authorization": "", "X-API-Key": shop.bearer}
    unknown = await ask(shop, "POST", body=INSTANT | {"currency_code": "XYZ"})
    assert refusal(unknown) == (400, "unknown_currency", "currency_code")
    assert refusal(await shop.client.post(PATH, content=b"[", headers=headers)) == (400, "invalid", None)
    control = await ask(shop, "POST", body=INSTANT | {"public_description": "bell \u0007"})
    assert refusal(control) == (400, "invalid", "public_description")
    assert refusal(await shop.client.get(PATH, headers={"Authorization": f"Bearer {shop.bearer}"}))[0] == 401
    assert refusal(await shop.client.get(PATH, headers=headers | {"X-API-Key": "x"})) == (401, "unauthorized", None)
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert refusal(await ask(shop, method, f"/{NOWHERE}", body))[:2] == (404, "not_found")
    for kind in ("product", "plan"):
        missing = await ask(shop, "POST", body=INSTANT | {"link_type": kind, f"{kind}_id": NOWHERE})
        assert refusal(missing)[:2] == (404, "not_found")
        assert missing.json()["error"]["message"] == f"There is no such {kind}."
    assert refusal(await ask(shop, "GET", "/not-an-id"))[:2] == (404, "not_found")
    assert refusal(await ask(shop, "PUT", f"/{link['link_id']}", {}))[:2] == (405, "method_not_allowed")
    for size in (70_000, 300_000):
        large = await ask(shop, "POST", body=INSTANT | {"public_description": "x" * size})
        assert refusal(large)[:2] == (413, "payload_too_large")


async def test_only_the_documented_fields_can_be_changed(shop: Tenant) -> None:
    link = await made(shop, **INSTANT)
    for field in ("link_type", "title", "price", "currency_code", "product_id", "plan_id", "is_active",
                  "public_description", "private_description", "anything"):  # fmt: skip
        answer = await ask(shop, "PATCH", f"/{link['link_id']}", {field: link.get(field), "success_url": None})
        assert refusal(answer) == (400, "invalid", field)
    for field, value in (("expires_at", "2001-01-01T00:00:00Z"), ("allow_coupon_code", None), ("cancel_url", "/x"),
                         ("metadata", [1]), ("allowed_providers", "WAVE")):  # fmt: skip
        assert refusal(await ask(shop, "PATCH", f"/{link['link_id']}", {field: value})) == (400, "invalid", field)
    assert (await ask(shop, "GET", f"/{link['link_id']}")).json()["data"] == link


async def test_every_documented_field_changes_alone_and_null_clears_it(shop: Tenant) -> None:
    link = await made(shop, **INSTANT)
    said = {
        "expires_at": "2031-01-01T00:00:00.000Z", "success_url": "https://example.com/yes",
        "cancel_url": "https://example.com/no", "allowed_providers": ["WAVE", "ORANGE"], "allow_coupon_code": True,
        "metadata": {"a": {"b": [1]}},
    }  # fmt: skip
    for field, value in said.items():
        now = await changed(shop, link, **{field: value})
        assert {key for key in now if now[key] != link[key]} - {"updated_at"} == {field}
        assert now[field] == value
        cleared = await changed(shop, link, **{field: False if field == "allow_coupon_code" else None})
        assert cleared[field] == link[field]


async def test_a_link_whose_expiry_is_cleared_can_be_paid_again(links: LinksService, shop: Tenant) -> None:
    link = await made(shop, **INSTANT, expires_at=f"{links.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+00:00")
    links.ahead = timedelta(hours=2)
    assert (await ask(shop, "GET", f"/{link['link_id']}")).json()["data"]["is_active"] is False
    now = await changed(shop, link, expires_at=None)
    assert (now["expires_at"], now["is_active"]) == (None, True)


async def test_a_list_can_be_filtered_by_type_currency_activity_and_expiry(links: LinksService, shop: Tenant) -> None:
    product, plan = await shop.product(), await shop.plan()
    await made(shop, **INSTANT | {"title": "cfa"})
    await made(shop, **INSTANT | {"title": "dollars", "currency_code": "USD"})
    await made(shop, **INSTANT | {"title": "off"}, is_active=False)
    await made(
        shop, **INSTANT | {"title": "short"}, expires_at=f"{links.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    )
    used = await made(shop, **INSTANT | {"title": "used up", "currency_code": "UGX"})
    await shop.client.patch(f"/v1/payment-links/{used['link_id']}", json={"uses_max": 1})
    asked, _ = await links.hold({"id": used["link_id"]}, shop)
    await settle(links, asked)
    await made(shop, link_type="plan", title="monthly", currency_code="XOF", plan_id=plan["id"])
    await made(shop, link_type="product", title="beans", currency_code="UGX", product_id=product["id"])
    own = "Coffee"  # the link that every product has from the start
    links.ahead = timedelta(hours=2)
    assert await listed(shop) == ["beans", "monthly", "used up", "off", "dollars", "cfa", own]
    assert await listed(shop, "include_expired=true") == [
        "beans", "monthly", "used up", "short", "off", "dollars", "cfa", own,
    ]  # fmt: skip
    assert await listed(shop, "link_type=product") == ["beans", own]
    assert await listed(shop, "link_type=plan") == ["monthly"]
    assert await listed(shop, "link_type=instant&currency_code=XOF&include_expired=true") == ["short", "off", "cfa"]
    assert await listed(shop, "currency_code=USD") == ["dollars"]
    assert await listed(shop, "is_active=true") == ["beans", "monthly", "dollars", "cfa", own]
    assert await listed(shop, "is_active=false") == ["used up", "off"]
    assert await listed(shop, "is_active=false&include_expired=true") == ["used up", "short", "off"]


async def test_the_count_is_of_all_that_match_on_every_page(shop: Tenant) -> None:
    ids = [(await made(shop, **INSTANT))["link_id"] for _ in range(5)]
    await ask(shop, "DELETE", f"/{ids.pop()}")
    seen: list[str] = []
    for page in (1, 2, 3):
        answer = (await ask(shop, "GET", f"?page={page}&page_size=3")).json()
        assert answer["meta"] == {"page": page, "pageSize": 3, "totalCount": 4}
        seen += [link["link_id"] for link in answer["data"]]
    assert seen == ids[::-1]
    assert (await ask(shop, "GET", "?page_size=100")).json()["meta"]["pageSize"] == 100


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=0", "page"), ("page=1.5", "page"), ("page_size=101", "page_size"), ("page_size=0", "page_size"),
     ("is_active=1", "is_active"), ("include_expired=", "include_expired"), ("link_type=all", "link_type")],
)  # fmt: skip
async def test_filters_and_pages_have_bounds(shop: Tenant, query: str, field: str) -> None:
    assert refusal(await ask(shop, "GET", f"?{query}")) == (400, "invalid", field)


async def test_a_filter_by_no_currency_is_refused(shop: Tenant) -> None:
    assert refusal(await ask(shop, "GET", "?currency_code=cfa"))[:2] == (400, "unknown_currency")


async def test_what_has_ended_or_is_no_longer_sold_is_a_conflict(shop: Tenant) -> None:
    link = await made(shop, **INSTANT)
    await shop.client.post(f"/v1/payment-links/{link['link_id']}/archive")
    assert refusal(await ask(shop, "PATCH", f"/{link['link_id']}", {"metadata": {}}))[:2] == (409, "link_ended")
    product = await shop.product()
    body = {"link_type": "product", "title": "Beans", "currency_code": "KES", "product_id": product["id"]}
    assert refusal(await ask(shop, "POST", body=body)) == (400, "price_missing", "currency_code")
    await shop.client.patch(f"/v1/products/{product['id']}", json={"active": False})
    assert refusal(await ask(shop, "POST", body=body | {"currency_code": "UGX"}))[:2] == (409, "product_archived")
