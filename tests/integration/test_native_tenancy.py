"""Who may do what: keys, scopes, modes, and the matrix of every route against somebody else's ids."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from services.links.dialects.native.operations import OPERATIONS
from shared.kernel.ids import new_id
from shared.runtime.operation import Operation
from tests.support.links import FIXED, ROOT, LinksService, Tenant, links_service
from tests.support.servers import Databases

WITH_ID = [operation for operation in OPERATIONS if "{" in operation.path]
WITH_SCOPE = [operation for operation in OPERATIONS if operation.scope is not None]
BY_ORGANIZATION = ("{org_id}", "{member_id}")
"""What belongs to an organization in both modes."""


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncGenerator[LinksService]:
    """Shared by the tests of this file: each has organizations of its own."""
    dsn = await databases.clone("links")
    async with links_service(dsn) as running:
        yield running
    await databases.drop(dsn)


async def ids_of(tenant: Tenant) -> dict[str, str]:
    return {
        "link_id": (await tenant.make())["id"],
        "product_id": (await tenant.product())["id"],
        "plan_id": (await tenant.plan())["id"],
        "coupon_id": (await tenant.coupon())["id"],
        "tax_rate_id": (await tenant.tax_rate())["id"],
        "batch_id": await _batch(tenant),
        "member_id": await _member(tenant),
        "org_id": str(tenant.organization.id),
        "key_id": tenant.key_id,
    }


async def _batch(tenant: Tenant) -> str:
    answer = await tenant.client.post(f"{ROOT}/batches", json={"items": [{"title": "One", "pricing": FIXED}]})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


async def _member(tenant: Tenant) -> str:
    email = f"{new_id().hex}@example.com"
    answer = await tenant.client.post("/v1/members", json={"email": email, "name": "Amina", "role": "viewer"})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


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
    "operation",
    [one for one in WITH_ID if not any(name in one.path for name in BY_ORGANIZATION)],
    ids=lambda operation: operation.id,
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
        for path in (ROOT, "/v1/products", "/v1/plans", "/v1/coupons", "/v1/tax-rates"):
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


@pytest.mark.parametrize("operation", WITH_SCOPE, ids=lambda operation: operation.id)
async def test_every_route_asks_for_its_scope(service: LinksService, operation: Operation) -> None:
    owner = await service.tenant()
    ids = await ids_of(owner)
    others = tuple(scope for scope in _all_scopes() if scope != operation.scope)
    lacking = await service.tenant(of=owner.organization, scopes=others)
    answer = await ask(lacking, operation, ids)
    assert (answer.status_code, answer.json()["scope"]) == (403, operation.scope)
    only = await service.tenant(of=owner.organization, scopes=(operation.scope,))
    assert (await ask(only, operation, ids)).status_code not in {401, 500}


@pytest.mark.parametrize("operation", WITH_SCOPE, ids=lambda operation: operation.id)
async def test_every_route_refuses_who_has_no_key(service: LinksService, operation: Operation) -> None:
    tenant = await service.tenant()
    names = {name for one in WITH_ID for name in one.path_names}
    ids = {name: "x" if name == "key_id" else str(new_id()) for name in names}
    tenant.client.headers.pop("Authorization")
    answer = await ask(tenant, operation, ids)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def _all_scopes() -> tuple[Any, ...]:
    return tuple(dict.fromkeys(operation.scope for operation in WITH_SCOPE))
