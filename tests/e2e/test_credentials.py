"""What local.json hands out opens each API at the gateway, and each refuses who has nothing, in its own words."""

import httpx
import pytest

from tests.support.stack import Stack

PATHS = {
    "native": "/v1/payment-links",
    "collections": "/collections/generation/v2/payment-links",
    "core": "/core/payment-links",
    "digital": "/digital/api/v2/digital/links",
    "catalog": "/catalog/api/payment-links/",
    "gated": "/gated/orgs/{org_id}/payment-links",
}
ALSO = {("native", "core")}
"""The native API takes its key as X-API-Key, too."""


def path_of(stack: Stack, dialect: str) -> str:
    return PATHS[dialect].format(org_id=stack.local["organization_id"])


async def test_local_json_holds_credentials_of_every_api(stack: Stack) -> None:
    assert stack.local["credentials"].keys() == PATHS.keys()


@pytest.mark.parametrize("dialect", sorted(PATHS))
async def test_the_credentials_of_local_json_open_each_api(stack: Stack, dialect: str) -> None:
    path = path_of(stack, dialect)
    async with httpx.AsyncClient(base_url=stack.gateway) as client:
        opened = await client.get(path, headers=stack.local["credentials"][dialect])
        assert opened.status_code == 200, opened.text
        refused = await client.get(path)
        assert (refused.status_code, "www-authenticate" in refused.headers) == (401, True)
        assert refused.json()


@pytest.mark.parametrize("dialect", sorted(PATHS))
async def test_the_credentials_of_one_api_open_another_only_where_they_are_the_same(stack: Stack, dialect: str) -> None:
    path, own = path_of(stack, dialect), stack.local["credentials"][dialect]
    async with httpx.AsyncClient(base_url=stack.gateway) as client:
        for other, headers in stack.local["credentials"].items():
            answer = await client.get(path, headers=headers)
            expected = 200 if headers == own or (dialect, other) in ALSO else 401
            assert answer.status_code == expected, other
