"""One links service for a dialect's tests, with an organization that has a key."""

from collections.abc import AsyncGenerator

import pytest

from tests.conftest import Database
from tests.support.links import LinksService, Tenant, links_service


@pytest.fixture
async def links(database: Database) -> AsyncGenerator[LinksService]:
    async with links_service(await database("links")) as service:
        yield service


@pytest.fixture
async def shop(links: LinksService) -> Tenant:
    return await links.tenant()
