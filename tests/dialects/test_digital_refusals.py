"""What `digital` refuses, and what keeps other sites from using a member's cookie."""

import pytest

from tests.support.dashboard import PATH, Dashboard, refusal, signed_in
from tests.support.links import PUBLIC_URL, LinksService, Tenant
from tests.support.members import someone

NO_PRODUCT = "prod_00000000000000000000000000"
NO_LINK = "lnk_00000000000000000000000000"


@pytest.fixture
async def dashboard(links: LinksService, shop: Tenant) -> Dashboard:
    return await signed_in(links, shop)


async def test_every_refusal_is_in_the_envelope(dashboard: Dashboard) -> None:
    link = await dashboard.make()
    one = f"/{link['id']}"
    broken = await dashboard.client.post(PATH, content=b"{", headers={"Content-Type": "application/json"})
    assert refusal(broken) == (400, "invalid", None)
    assert refusal(await dashboard.ask("PUT", one, {"title": "bell \u0007"})) == (400, "invalid", "title")
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
