import pytest

from tests.support.links import LinksService, Tenant


@pytest.fixture
async def shop(service: LinksService) -> Tenant:
    return await service.tenant()
