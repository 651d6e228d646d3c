from collections.abc import AsyncGenerator

import asyncpg
import pytest
from playwright.async_api import Page

from tests.e2e.api import Api
from tests.support.browsing import Visitor
from tests.support.page_site import ORIGIN, Open, Site
from tests.support.stack import Stack


@pytest.fixture(scope="session")
async def api(stack: Stack) -> AsyncGenerator[Api, None]:
    client = Api(stack)
    yield client
    await client.close()


@pytest.fixture(autouse=True)
async def phones_are_free(request: pytest.FixtureRequest) -> None:
    """A phone is asked about one payment at a time: what an earlier test has left waiting holds no phone any more."""
    if "stack" not in request.fixturenames:
        return
    stack: Stack = request.getfixturevalue("stack")
    connection = await asyncpg.connect(stack.local["postgres"]["checkout"])
    await connection.execute("UPDATE charge SET prompt_phone = NULL WHERE prompt_phone IS NOT NULL")
    await connection.close()


@pytest.fixture
async def buyer(visitor: Visitor) -> AsyncGenerator[Visitor, None]:
    """A browser in which nothing may go wrong: no console error, breach of the policy or failed request."""
    yield visitor
    assert visitor.problems == []


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def visit(buyer: Visitor, site: Site) -> Open:
    """Opens one page of the `site`; at the end nothing may have gone wrong in it."""

    async def open_page(content: bytes, **options: object) -> Page:
        site.pages["/x"] = content
        page = await buyer.open(**options)
        await page.context.route("**/*", site.answer)
        await page.goto(f"{ORIGIN}/x")
        return page

    return open_page
