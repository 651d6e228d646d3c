"""One links service for a dialect's tests, with an organization that has a key."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.support.links import LinksService, Tenant, links_service
from tests.support.servers import Databases


@asynccontextmanager
async def fresh(databases: Databases) -> AsyncGenerator[LinksService]:
    dsn = await databases.clone("links")
    async with links_service(dsn) as service:
        yield service
    await databases.drop(dsn)


@pytest.fixture(scope="module")
async def shared_links(databases: Databases) -> AsyncGenerator[LinksService]:
    """For all tests of a file whose organizations do not get in each other's way."""
    async with fresh(databases) as service:
        yield service


@pytest.fixture
def links(service: LinksService) -> LinksService:
    return service


@pytest.fixture
async def shop(links: LinksService) -> Tenant:
    return await links.tenant()
