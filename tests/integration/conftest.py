from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.support.links import LinksService, Tenant
from tests.support.webhooks import Webhooks, webhooks_on


@pytest.fixture
async def shop(service: LinksService) -> Tenant:
    return await service.tenant()


@pytest.fixture(scope="module")
async def webhooks_dsn(databases: Any) -> AsyncGenerator[str, None]:
    made = await databases.clone("notify")
    yield made
    await databases.drop(made)


@pytest.fixture
async def hooks(webhooks_dsn: str) -> AsyncGenerator[Webhooks, None]:
    """An organization of its own; what others have waiting is cleared away."""
    async with webhooks_on(webhooks_dsn) as running:
        await running.postgres.execute("DELETE FROM webhook_lane")
        await running.postgres.execute("DELETE FROM outbox")
        yield running
