"""Lists, pages, rights and revenue of `catalog`; and what is not there."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared.kernel.money import Money
from tests.support.catalog import PATH, PUBLIC, Shop, shop_of
from tests.support.links import LinksService, Tenant
from tests.support.members import client_of, someone
from tests.support.uses import settle


@pytest.fixture
def links(shared_links: LinksService) -> LinksService:
    shared_links.ahead = timedelta()
    return shared_links


ROUTES = (("GET", ""), ("PATCH", ""), ("GET", "payments/"), ("DELETE", ""))


@pytest.fixture
async def catalog(links: LinksService, shop: Tenant) -> Shop:
    return await shop_of(links, shop)


async def test_pages_name_the_pages_beside_them(catalog: Shop) -> None:
    made = [(await catalog.made(name=f"Campaign {number}"))["id"] for number in range(4)]
    listed, path = [], f"{PATH}?page_size=2"
    for _ in range(3):
        page = (await catalog.member.get(path)).json()
        assert page["count"] == 5
        listed += [one["id"] for one in page["results"]]
        if page["next"]:
            assert page["next"].startswith(f"https://pay.example.com{PATH}?page=")
            path = page["next"].removeprefix("https://pay.example.com")
    assert (page["next"], page["previous"][-18:]) == (None, "page=2&page_size=2")
    assert listed[:4] == made[::-1]
    for query in ("page=0", "page=x", "page_size=101", "page=1&page=2", "page=99999999999999999999"):
        assert (await catalog.member.get(f"{PATH}?{query}")).status_code == 400, query
    beyond = (await catalog.member.get(f"{PATH}?page=9&page_size=2")).json()
    assert (beyond["results"], beyond["next"], beyond["previous"][-18:]) == ([], None, "page=3&page_size=2")


async def test_the_foreign_link_does_not_exist(catalog: Shop, links: LinksService) -> None:
    link = await catalog.made()
    stranger = client_of(links)
    owner = await someone(links, await links.tenant())
    stranger.headers["Authorization"] = f"Token {(await owner.sign_in())['token']}"
    for method, rest in ROUTES:
        answer = await stranger.request(method, f"{PATH}{link['id']}/{rest}", json={} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, rest)
    assert (await stranger.get(PATH)).json()["count"] == 0
    assert (await catalog.read(link["id"]))["is_active"] is True


async def test_a_viewer_reads_and_changes_nothing(catalog: Shop, links: LinksService) -> None:
    link = await catalog.made()
    viewer = client_of(links)
    member = await someone(links, catalog.tenant, role="viewer")
    viewer.headers["Authorization"] = f"token {(await member.sign_in())['token']}"
    assert (await viewer.get(f"{PATH}{link['id']}/")).status_code == 200
    assert (await viewer.get(f"{PATH}{link['id']}/payments/")).status_code == 200
    for method, path in (("POST", PATH), ("PATCH", f"{PATH}{link['id']}/"), ("DELETE", f"{PATH}{link['id']}/")):
        answer = await viewer.request(method, path, json={} if method != "DELETE" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), method


async def test_a_slash_at_the_end_is_optional(catalog: Shop) -> None:
    link = await catalog.made()
    for path in (PATH, f"{PATH}{link['id']}/", f"{PATH}{link['id']}/payments/", f"{PUBLIC}{link['id']}/"):
        with_slash, without = await catalog.member.get(path), await catalog.member.get(path.rstrip("/"))
        assert with_slash.status_code == without.status_code == 200, path
        assert with_slash.json() == without.json()


async def test_what_is_not_there_is_told_in_the_same_shape(catalog: Shop) -> None:
    for method, path, status in (
        ("GET", "/catalog/nothing", 404),
        ("GET", f"{PATH}not-a-uuid/", 404),
        ("GET", f"{PATH}{uuid4()}/", 404),
        ("GET", f"{PUBLIC}{uuid4()}/", 404),
        ("POST", f"{PUBLIC}{uuid4()}/start/", 404),
        ("PUT", f"{PATH}{uuid4()}/", 405),
        ("GET", "/catalog/checkout/create/", 405),
    ):
        answer = await catalog.member.request(method, path)
        assert (answer.status_code, answer.json().keys()) == (status, {"detail", "code"}), (path, answer.text)


async def test_links_of_every_kind_read_sensibly(catalog: Shop) -> None:
    plan = await catalog.tenant.plan()
    for pricing, total, currency, lines in (
        ({"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}, "50000.00", "UGX", 0),
        ({"type": "fixed", "amount_minor": 1_500, "currency": "KWD"}, "1.500", "KWD", 0),
        ({"type": "flexible", "currency": "RWF", "min_minor": 100}, None, "RWF", 0),
        ({"type": "open"}, None, None, 0),
        ({"type": "product", "product_id": catalog.products[0]}, "19.99", "USD", 1),
        ({"type": "plan", "plan_id": plan["id"]}, "10000.00", "XOF", 1),
    ):
        made = await catalog.tenant.make(title="Of another kind", pricing=pricing)
        link = await catalog.read(made["id"])
        preview = (await catalog.anybody.get(f"{PUBLIC}{made['id']}/")).json()
        assert (link["name"], link["pricing_mode"]) == ("Of another kind", None)
        for read in (link, preview):
            assert (read["total"], read["currency"], len(read["products"])) == (total, currency, lines), pricing
        assert [one["total"] for one in preview["totals"]] == ([total] if total else [])


async def test_payments_and_revenue_are_told_in_every_currency_that_came_in(catalog: Shop, links: LinksService) -> None:
    link = await catalog.made(max_uses=3)
    for total in (Money(3_998, "USD"), Money(3_798, "EUR")):
        ask, _ = await links.hold(link, catalog.tenant)
        await settle(links, ask, total=total)
    read = await catalog.read(link["id"])
    assert (read["paid_count"], read["revenue"], read["use_count"]) == (2, "39.98", 2)
    assert read["revenue_by_currency"] == read["stats"]["revenue_by_currency"] == {"EUR": "37.98", "USD": "39.98"}
    assert (read["stats"]["remaining_uses"], read["stats"]["currency"]) == (1, "USD")
    assert read["stats"]["last_paid_at"].endswith("Z")
    (listed, *_) = (await catalog.member.get(PATH)).json()["results"]
    assert listed == {name: value for name, value in read.items() if name != "stats"}
