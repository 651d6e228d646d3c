"""Who sends what: leases that run out, are kept, and are given back, and results that are not lost."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from services.notify.use_cases.send_webhooks import LEASE
from shared.kernel.faults import Unavailable
from shared.runtime.postgres import Postgres
from tests.support.webhooks import Webhooks, accept, charge, eventually, receiver


async def test_a_sender_that_was_too_slow_changes_nothing_and_another_takes_over(hooks: Webhooks) -> None:
    release = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response(status=500)

    async with receiver(hang) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        hooks.now += timedelta(seconds=1)
        slow = hooks.courier()
        assert await slow.begin() == 1
        await eventually(lambda: len(shop.arrived) == 1)
        assert await hooks.courier().begin() == 0, "its lease still runs"
        hooks.now += LEASE + timedelta(seconds=1)
        shop.answer = accept
        assert await hooks.send() == 1
        release.set()
        await slow.drained()
        (done,) = await hooks.deliveries(endpoint)
        assert (done.state, done.attempts, done.last_status) == ("delivered", 1, 204)
        assert shop.ids == [shop.ids[0]] * 2


async def test_a_sender_that_is_alive_keeps_its_lease(hooks: Webhooks) -> None:
    release = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response(status=204)

    async with receiver(hang) as shop:
        await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        hooks.now += timedelta(seconds=1)
        slow = hooks.courier()
        await slow.begin()
        await eventually(lambda: len(shop.arrived) == 1)
        for _ in range(3):
            hooks.now += LEASE / 2
            await slow.renew()
            assert await hooks.courier().begin() == 0
        release.set()
        await slow.drained()
        assert len(shop.arrived) == 1


async def test_who_stops_gives_back_what_is_under_way(hooks: Webhooks) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response(status=204)

    async with receiver(hang) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        hooks.now += timedelta(seconds=1)
        stopping = hooks.courier()
        await stopping.begin()
        await eventually(lambda: len(shop.arrived) == 1)
        await stopping.finish()
        shop.answer = accept
        assert await hooks.send() == 1
        (done,) = await hooks.deliveries(endpoint)
        assert (done.state, done.attempts) == ("delivered", 1)


async def test_a_result_is_written_down_once_the_database_is_back(
    hooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiver() as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        hooks.now += timedelta(seconds=1)
        courier = hooks.courier()
        whole = Postgres.transaction
        away = 2

        def transaction(self: Postgres) -> Any:
            nonlocal away
            away -= 1
            if away >= 0:
                raise Unavailable("postgres")
            return whole(self)

        await courier.begin()
        monkeypatch.setattr(Postgres, "transaction", transaction)
        monkeypatch.setattr("services.notify.use_cases.send_webhooks.SETTLE_AGAIN_SECONDS", 0.01)
        await courier.drained()
        monkeypatch.undo()
        assert [one.state for one in await hooks.deliveries(endpoint)] == ["delivered"]
        assert len(shop.arrived) == 1
