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
}


@pytest.mark.parametrize("dialect", sorted(PATHS))
async def test_the_credentials_of_local_json_open_each_api(stack: Stack, dialect: str) -> None:
    async with httpx.AsyncClient(base_url=stack.gateway) as client:
        opened = await client.get(PATHS[dialect], headers=stack.local["credentials"][dialect])
        assert opened.status_code == 200, opened.text
        refused = await client.get(PATHS[dialect])
        assert refused.status_code == 401
        assert refused.json()
