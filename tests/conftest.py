"""Fixtures for every test. Servers start once in each process of a run, and only when a test asks for them.

- `postgres_server`, `nats_server`: shared by the tests of a process. A test that kills or freezes one starts its own
  (`tests.support.servers.start_nats(tmp_path)`).
- `database`: `dsn = await database("links")` is a fresh, migrated database, dropped after the test.
- `service`: links without its server and workers, with an empty database; `shop = await service.tenant()`.
- `nats_url`: the shared NATS server without any stream.
- `stack`: a whole running Paylinks, shared by all tests that ask for it; `stack.local` is its local.json.
- `visitor`: `page = await visitor.open(url, javascript=False)`; `assert visitor.problems == []`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, async_playwright

from tests.support import containers, servers
from tests.support.browsing import Visitor, launch
from tests.support.links import LinksService, RenewedLinks, renewed_links
from tests.support.servers import Databases, Running
from tests.support.spreading import Spreading, arrange
from tests.support.stack import Stack

Database = Callable[..., Awaitable[str]]

# A busy machine is not a bug: what is slow is found by `make bench`, never by a deadline.
settings.register_profile("paylinks", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paylinks")

# Plain lines on whatever stdout is at the moment: pytest shows them with a test that fails.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
    ],
    logger_factory=structlog.PrintLoggerFactory(),
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spreading:
    return Spreading(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # In the processes of a shared run, each of which must come to the same order.
    if hasattr(config, "workerinput"):
        arrange(items)


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
async def postgres_server(server_folder: Path) -> AsyncGenerator[Running, None]:
    server: Running = (
        await containers.start_postgres() if containers.wanted() else await servers.start_postgres(server_folder)
    )
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def nats_server(server_folder: Path) -> AsyncGenerator[Running, None]:
    server: Running = (
        await containers.start_nats(server_folder) if containers.wanted() else await servers.start_nats(server_folder)
    )
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def databases(postgres_server: Running) -> Databases:
    return Databases(postgres_server.url)


@pytest.fixture
async def database(databases: Databases) -> AsyncGenerator[Database, None]:
    made: list[str] = []

    async def make(service: str, migrations: Path | None = None) -> str:
        made.append(await databases.clone(service, migrations))
        return made[-1]

    yield make
    for dsn in made:
        await databases.drop(dsn)


@pytest.fixture(scope="session")
async def links_to_renew(databases: Databases) -> AsyncGenerator[RenewedLinks, None]:
    dsn = await databases.clone("links")
    async with renewed_links(dsn) as links:
        yield links


@pytest.fixture
async def service(links_to_renew: RenewedLinks) -> AsyncGenerator[LinksService, None]:
    links = await links_to_renew.renew()
    yield links
    await links.close()


@pytest.fixture
async def nats_url(nats_server: Running) -> AsyncGenerator[str, None]:
    await servers.forget_streams(nats_server.url)
    yield nats_server.url
    await servers.forget_streams(nats_server.url)


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack, None]:
    running = Stack(tmp_path_factory.mktemp("stack") / "home")
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser, None]:
    async with async_playwright() as playwright:
        chromium = await launch(playwright)
        yield chromium
        await chromium.close()


@pytest.fixture
async def visitor(browser: Browser) -> AsyncGenerator[Visitor, None]:
    someone = Visitor(browser)
    yield someone
    await someone.leave()
