"""A body that never comes to its end is a 408 in the words of the API that was asked, and changes nothing."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.support.dialects import VOICES, Shop, Voice, shop_of
from tests.support.links import links_service
from tests.support.members import client_of
from tests.support.servers import Databases

TITLE = "The request took too long to arrive"
TOLD = {"code": "request_timeout", "message": TITLE}
REFUSALS = {
    "native": {"type": "/problems/request_timeout", "title": TITLE, "status": 408, "code": "request_timeout"},
    "collections": {"status": "error"} | TOLD,
    "core": {"success": False, "error": TOLD},
    "digital": {"success": False, "error": TOLD},
    "catalog": {"detail": TITLE, "code": "request_timeout"},
    "gated": {"error": TOLD},
}


@pytest.fixture(scope="module")
async def slow_shop(databases: Databases) -> AsyncGenerator[Shop]:
    dsn = await databases.clone("links")
    async with links_service(dsn, body_seconds_max=0.2) as service:
        looking = asyncio.create_task(service.runtime.bodies.run())
        yield await shop_of(service)
        looking.cancel()
    await databases.drop(dsn)


async def beginning() -> AsyncGenerator[bytes]:
    yield b'{"title": '
    await asyncio.Event().wait()


async def dripping() -> AsyncGenerator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.02)


async def post(shop: Shop, path: str, body: AsyncGenerator[bytes], headers: dict[str, str]) -> httpx.Response:
    async with asyncio.timeout(5):
        return await client_of(shop.service).post(path, content=body, headers=headers)


@pytest.mark.parametrize("body", [beginning, dripping])
@pytest.mark.parametrize("voice", VOICES, ids=[voice.name for voice in VOICES])
async def test_every_api_tells_it_in_its_own_words(slow_shop: Shop, voice: Voice, body) -> None:
    headers = slow_shop.headers(voice.name) | {"Content-Type": "application/json"}
    answer = await post(slow_shop, voice.path, body(), headers)
    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"
    said = {name: value for name, value in answer.json().items() if name not in {"next_step", "request_id"}}
    assert said == REFUSALS[voice.name]
    assert await slow_shop.service.pg.fetchval("SELECT count(*) FROM link") == 0


async def test_many_links_at_once_may_take_longer(slow_shop: Shop) -> None:
    headers = slow_shop.headers("native") | {"Content-Type": "application/json"}
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await post(slow_shop, "/v1/payment-links/batches", dripping(), headers)
    assert answer.status_code == 408
    assert loop.time() - began >= 0.4


async def test_the_dashboard_says_it_on_a_page(slow_shop: Shop) -> None:
    answer = await post(
        slow_shop, "/dashboard/login", beginning(), {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert answer.headers["content-type"].startswith("text/html")
