from collections.abc import AsyncGenerator

import pytest

from tests.e2e.api import Api
from tests.support.browsing import Visitor
from tests.support.stack import Stack


@pytest.fixture(scope="session")
async def api(stack: Stack) -> AsyncGenerator[Api, None]:
    client = Api(stack)
    yield client
    await client.close()


@pytest.fixture
async def buyer(visitor: Visitor) -> AsyncGenerator[Visitor, None]:
    """A browser in which nothing may go wrong: no console error, breach of the policy or failed request."""
    yield visitor
    assert visitor.problems == []
