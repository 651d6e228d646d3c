"""Who may do what: keys, scopes, modes, and the matrix of every route against somebody else's ids."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from services.links.dialects.native.operation import Operation
from services.links.dialects.native.operations import OPERATIONS
from shared.kernel.ids import new_id
from tests.conftest import Database
from tests.support.links import FIXED, ROOT, LinksService, Tenant, links_service

WITH_ID = [operation for operation in OPERATIONS if "{" in operation.path]


@pytest.fixture
async def service(database: Database) -> AsyncGenerator[LinksService]:
    async with links_service(await database("links")) as running:
        yield running


async def ids_of(tenant: Tenant) -> dict[str, str]:
    return {
        "link_id": (await tenant.make())["id"],
        "product_id": (await tenant.product())["id"],
        "org_id": str(tenant.organization.id),
        "key_id": tenant.key_id,
    }


async def ask(tenant: Tenant, operation: Operation, ids: dict[str, str], **more: Any) -> Any:
    body = {"json": operation.body_example} if operation.body is not None else {}
    return await tenant.client.request(operation.method.upper(), operation.path.format(**ids), **body, **more)


@pytest.mark.parametrize("operation", WITH_ID, ids=lambda operation: operation.id)
async def test_what_belongs_to_another_organization_does_not_exist(service: LinksService, operation: Operation) -> None:
    theirs = await service.tenant()
    ids = await ids_of(theirs)
    before = await theirs.read(ids["link_id"])
    answer = await ask(await service.tenant(), operation, ids)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await theirs.read(ids["link_id"]) == before


@pytest.mark.parametrize(
    "operation", [one for one in WITH_ID if "{org_id}" not in one.path], ids=lambda operation: operation.id
)
@pytest.mark.parametrize("livemode", [True, False])
async def test_a_key_of_one_mode_does_not_see_the_other(
    service: LinksService,
    operation: Operation,
    livemode: bool,  # noqa: FBT001 - a parameter of the matrix
) -> None:
    theirs = await service.tenant(livemode=livemode)
    ids = await ids_of(theirs)
    same = await service.tenant(livemode=not livemode, of=theirs.organization)
    answer = await ask(same, operation, ids)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_lists_show_only_the_own_organization_and_mode(service: LinksService) -> None:
    theirs = await service.tenant()
    await ids_of(theirs)
    for tenant in (await service.tenant(), await service.tenant(livemode=True, of=theirs.organization)):
        for path in (ROOT, "/v1/products"):
            assert (await tenant.client.get(path)).json()["data"] == []
        keys = (await tenant.client.get("/v1/api-keys")).json()["data"]
        assert [key["id"] for key in keys] == [tenant.key_id]


async def test_a_product_of_another_organization_prices_nothing(service: LinksService) -> None:
    product = await (await service.tenant()).product()
    mine = await service.tenant()
    pricing = {"type": "product", "product_id": product["id"]}
    created = await mine.client.post(ROOT, json={"title": "x", "pricing": pricing})
    patched = await mine.client.patch(f"{ROOT}/{(await mine.make())['id']}", json={"pricing": pricing})
    assert (created.status_code, patched.status_code) == (404, 404)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_every_route_asks_for_its_scope(service: LinksService, operation: Operation) -> None:
    owner = await service.tenant()
    ids = await ids_of(owner)
    others = tuple(scope for scope in _all_scopes() if scope != operation.scope)
    lacking = await service.tenant(of=owner.organization, scopes=others)
    answer = await ask(lacking, operation, ids)
    assert (answer.status_code, answer.json()["scope"]) == (403, operation.scope)
    only = await service.tenant(of=owner.organization, scopes=(operation.scope,))
    assert (await ask(only, operation, ids)).status_code not in {401, 500}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_every_route_refuses_who_has_no_key(service: LinksService, operation: Operation) -> None:
    tenant = await service.tenant()
    ids = {"link_id": str(new_id()), "product_id": str(new_id()), "org_id": str(new_id()), "key_id": "x"}
    tenant.client.headers.pop("Authorization")
    answer = await ask(tenant, operation, ids)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_keys_that_are_not_quite_right_are_refused(service: LinksService) -> None:
    tenant = await service.tenant()
    good = tenant.bearer
    for bad in (
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace("_test_", "_live_"),
        good + "x",
        good.upper(),
        good[:30],
        "plk_test__",
        "x" * 500,
        "plk_test_" + "a" * 12 + "_" + "é" * 10,
    ):
        answer = await tenant.client.get(ROOT, headers={"Authorization": f"Bearer {bad}".encode()})
        assert answer.status_code == 401, bad
    assert (await tenant.client.get(ROOT, headers={"Authorization": f"Basic {good}"})).status_code == 401
    assert (await tenant.client.get(ROOT, headers={"Authorization": f"bearer {good}"})).status_code == 200
    tenant.client.headers.pop("Authorization")
    assert (await tenant.client.get(ROOT, headers={"X-API-Key": good})).status_code == 200


async def test_a_key_asks_too_often(database: Database) -> None:
    async with links_service(await database("links"), test_mode=False, rate_per_key_per_second=1) as service:
        tenant = await service.tenant()
        answers = [await tenant.client.get(ROOT) for _ in range(6)]
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_the_organization_reads_and_changes_itself(service: LinksService) -> None:
    tenant = await service.tenant()
    current = await tenant.client.get("/v1/organizations/current")
    own = await tenant.client.get(f"/v1/organizations/{tenant.organization.id}")
    assert current.json() == own.json()
    changed = await tenant.client.patch(
        f"/v1/organizations/{tenant.organization.id}",
        json={"name": "Kigali Coffee", "currencies": ["UGX", "RWF"], "timezone": "Africa/Kigali", "color": "#112233"},
        headers={"If-Match": '"1"'},
    )
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    assert (await tenant.client.get("/v1/organizations/current")).json()["name"] == "Kigali Coffee"
    link = await tenant.make()
    facts = await service.facts()
    assert [kind for kind, _ in facts if "organization" in kind] == [
        "links.organization.created",
        "links.organization.updated",
    ]
    assert facts[-1][1]["link"]["merchant"]["name"] == "Kigali Coffee"
    assert link["state"] == "active"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": None},
        {"name": ""},
        {"default_currency": "USD"},
        {"currencies": []},
        {"currencies": ["UGX", "UGX"]},
        {"currencies": ["XXZ", "UGX"]},
        {"support_email": "nobody"},
        {"support_email": "a@b.test\nBcc: c@d.test"},
        {"locale": "english"},
        {"timezone": "Mars/Olympus"},
        {"logo_url": "http://a.example.com/"},
        {"slug": "new"},
    ],
)
async def test_an_organization_refuses_what_it_cannot_be(service: LinksService, fields: dict[str, Any]) -> None:
    tenant = await service.tenant()
    answer = await tenant.client.patch(f"/v1/organizations/{tenant.organization.id}", json=fields)
    assert answer.status_code == 400, answer.text


async def test_a_made_key_works_and_its_secret_is_shown_once(service: LinksService) -> None:
    tenant = await service.tenant()
    body = {"name": "Web shop", "scopes": ["links:read"]}
    made = (await tenant.client.post("/v1/api-keys", json=body)).json()
    assert made["secret"].startswith(made["prefix"])
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert (await tenant.client.get(ROOT, headers=headers)).status_code == 200
    assert (await tenant.client.post(ROOT, headers=headers, json={})).status_code == 403
    read = (await tenant.client.get(f"/v1/api-keys/{made['id']}")).json()
    assert "secret" not in read
    stored = await service.pg.fetchval("SELECT row_to_json(api_key)::text FROM api_key WHERE id = $1", made["id"])
    assert made["secret"].rsplit("_", 1)[1] not in stored


async def test_a_key_cannot_make_one_that_may_do_more(service: LinksService) -> None:
    tenant = await service.tenant(scopes=("keys:write",))
    more = await tenant.client.post("/v1/api-keys", json={"name": "x", "scopes": ["links:write"]})
    live = await tenant.client.post("/v1/api-keys", json={"name": "x", "scopes": ["keys:write"], "livemode": True})
    assert (more.status_code, more.json()["scope"]) == (403, "links:write")
    assert (live.status_code, live.json()["scope"]) == (403, "livemode")


async def test_a_live_key_may_make_test_keys(service: LinksService) -> None:
    tenant = await service.tenant(livemode=True)
    body = {"name": "x", "scopes": ["links:read"], "livemode": False}
    made = (await tenant.client.post("/v1/api-keys", json=body)).json()
    assert made["secret"].startswith("plk_test_")


async def test_a_rotated_key_works_on_for_the_overlap_and_no_longer(service: LinksService) -> None:
    owner = await service.tenant()
    old = await service.tenant(of=owner.organization)
    url = f"/v1/api-keys/{old.key_id}/rotate"
    successor = (await owner.client.post(url, json={"overlap_seconds": 0})).json()
    assert (await old.client.get(ROOT)).status_code == 401
    new = {"Authorization": f"Bearer {successor['secret']}"}
    assert (await old.client.get(ROOT, headers=new)).status_code == 200
    again = await owner.client.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "key_ended")
    by_default = await owner.client.post(f"/v1/api-keys/{successor['id']}/rotate")
    assert by_default.status_code == 201
    assert (await old.client.get(ROOT, headers=new)).status_code == 200
    assert (await owner.client.get(f"/v1/api-keys/{successor['id']}")).json()["rotated_to"] == by_default.json()["id"]
    too_long = await owner.client.post(
        f"/v1/api-keys/{by_default.json()['id']}/rotate", json={"overlap_seconds": 10**9}
    )
    assert too_long.status_code == 400


async def test_a_revoked_key_stops_at_once(service: LinksService) -> None:
    owner = await service.tenant()
    other = await service.tenant(of=owner.organization)
    assert (await other.client.get(ROOT)).status_code == 200
    revoked = await owner.client.delete(f"/v1/api-keys/{other.key_id}")
    assert revoked.json()["revoked_at"] is not None
    assert (await other.client.get(ROOT)).status_code == 401
    assert (await owner.client.delete(f"/v1/api-keys/{other.key_id}")).json() == revoked.json()


@pytest.mark.parametrize("key_id", ["%00", "a%00b", "%FF", "x" * 300, "a'b"])
async def test_an_id_that_no_key_can_have_is_a_404(service: LinksService, key_id: str) -> None:
    tenant = await service.tenant()
    url = f"/v1/api-keys/{key_id}"
    answers = [
        await tenant.client.get(url),
        await tenant.client.delete(url),
        await tenant.client.post(f"{url}/rotate"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3


@pytest.mark.parametrize("cursor", ["AA", "_w", "AAAAAAAAAAAAAAAAAAAAAA", "é", "%00"])
async def test_a_cursor_that_no_list_of_keys_made_is_refused(service: LinksService, cursor: str) -> None:
    tenant = await service.tenant()
    assert (await tenant.client.get(f"/v1/api-keys?cursor={cursor}")).status_code == 400


async def test_when_a_key_was_used_last_is_written_in_batches(service: LinksService) -> None:
    tenant = await service.tenant()
    await tenant.client.get(ROOT)
    await service.app.state.native.authenticator.mark_used()
    assert (await tenant.client.get(f"/v1/api-keys/{tenant.key_id}")).json()["last_used_at"] is not None


async def test_keys_and_products_page_like_links(service: LinksService) -> None:
    tenant = await service.tenant()
    products = [(await tenant.product())["id"] for _ in range(3)]
    for _ in range(2):
        await tenant.client.post("/v1/api-keys", json={"name": "x", "scopes": ["links:read"]})
    for path, count in (("/v1/products", 3), ("/v1/api-keys", 3)):
        first = (await tenant.client.get(path, params={"limit": 2})).json()
        rest = (await tenant.client.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        ids = [one["id"] for one in first["data"] + rest["data"]]
        assert (len(set(ids)), rest["has_more"]) == (count, False)
        assert path != "/v1/products" or ids == products[::-1]


async def test_a_product_is_patched_and_archived(service: LinksService) -> None:
    tenant = await service.tenant()
    product = await tenant.product(description="old", metadata={"a": "1"})
    assert product["digital_id"].startswith("prod_0")
    url = f"/v1/products/{product['id']}"
    changed = await tenant.client.patch(url, json={"description": None}, headers={"If-Match": '"1"'})
    assert (changed.json()["description"], changed.json()["metadata"], changed.headers["etag"]) == (
        None,
        {"a": "1"},
        '"2"',
    )
    assert (await tenant.client.patch(url, json={"name": "x"}, headers={"If-Match": '"1"'})).status_code == 412
    assert (await tenant.client.delete(url)).json()["active"] is False
    assert (await tenant.client.get("/v1/products?active=true")).json()["data"] == []
    assert len((await tenant.client.get("/v1/products?active=false")).json()["data"]) == 1
    assert (await tenant.client.patch(url, json={"active": True})).json()["active"] is True
    assert (await tenant.client.get("/v1/products?active=maybe")).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "4242424242424242"},
        {"price": {"amount_minor": 2**70, "currency": "UGX"}},
        {"price": {"amount_minor": 5, "currency": "XXZ"}},
        {"price": None},
        {"image_url": "http://a.example.com/x.png"},
        {"active": True},
    ],
)
async def test_a_product_refuses_what_it_cannot_be(service: LinksService, fields: dict[str, Any]) -> None:
    tenant = await service.tenant()
    body = {"name": "x", "price": {"amount_minor": 5, "currency": "UGX"}} | fields
    assert (await tenant.client.post("/v1/products", json=body)).status_code == 400


async def test_money_is_the_same_on_a_link_and_a_product(service: LinksService) -> None:
    tenant = await service.tenant()
    assert (await tenant.product())["price"] == {"amount_minor": 50_000, "currency": "UGX"}
    assert (await tenant.make())["pricing"] == FIXED


def _all_scopes() -> tuple[Any, ...]:
    return tuple(dict.fromkeys(operation.scope for operation in OPERATIONS))
