"""An endpoint's life: switched off by what it answers, switched on again, given a new secret, deleted."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from services.notify.domain.webhook_endpoint import EndpointDraft
from services.notify.use_cases.send_webhooks import PER_ENDPOINT_MAX
from services.notify.use_cases.tidy_webhooks import KEPT, close_webhooks, forget_webhooks
from services.notify.use_cases.webhook_deliveries import redeliver_one, redeliver_range
from services.notify.use_cases.webhook_endpoints import (
    Rules,
    change_endpoint,
    delete_endpoint,
    get_endpoint,
    rotate_secret,
    send_test,
)
from shared.kernel.ids import new_id
from tests.support.webhooks import Webhooks, accept, answering, charge, receiver

RULES = Rules("loopback", https_only=False)


async def test_an_endpoint_that_answers_410_is_switched_off_with_a_fact_and_what_waits_is_given_up(
    hooks: Webhooks,
) -> None:
    async with receiver(answering(410)) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(*(hooks.fact(charge(hooks)) for _ in range(20)))
        await hooks.send()
        found = await get_endpoint(hooks.postgres, hooks.owner, endpoint)
        assert (found.disabled_reason, found.disabled_at) == ("gone", hooks.now)
        ((name, fact),) = await hooks.told()
        assert (name, fact["endpoint_id"], fact["reason"]) == (
            "notify.webhook_endpoint.disabled",
            str(endpoint),
            "gone",
        )
        assert shop.url not in str(fact)
        arrived = len(shop.arrived)
        await close_webhooks(hooks.postgres, hooks.now)
        assert {one.state for one in await hooks.deliveries(endpoint)} == {"failed"}
        assert await hooks.send_all() == 0
        await hooks.take(hooks.fact(charge(hooks)))
        assert await hooks.send_all() == 0
        assert len(shop.arrived) == arrived <= PER_ENDPOINT_MAX


async def test_an_endpoint_that_was_sent_elsewhere_meanwhile_is_not_switched_off_for_its_old_url(
    hooks: Webhooks,
) -> None:
    asked, moved = asyncio.Event(), asyncio.Event()

    async def gone(_: web.Request) -> web.Response:
        asked.set()
        await moved.wait()
        return web.Response(status=410)

    async with receiver(gone) as old, receiver() as new:
        endpoint, _ = await hooks.endpoint(old.url)
        await hooks.take(hooks.fact(charge(hooks)), hooks.fact(charge(hooks)))
        hooks.now += timedelta(seconds=1)
        courier = hooks.courier()
        await courier.begin()
        await asked.wait()
        draft = EndpointDraft(url=new.url)
        await change_endpoint(hooks.postgres, hooks.owner, endpoint, draft=draft, rules=RULES, now=hooks.now)
        moved.set()
        await courier.drained()
        found = await get_endpoint(hooks.postgres, hooks.owner, endpoint)
        assert (found.disabled_at, found.failing_since) == (None, None)


async def test_days_of_failures_only_switch_an_endpoint_off_and_one_success_starts_the_count_anew(
    hooks: Webhooks,
) -> None:
    async with receiver(answering(500)) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        for day in range(7):
            shop.answer = accept if day == 1 else answering(500)
            await hooks.take(*(hooks.fact(charge(hooks)) for _ in range(4)))
            for _ in range(4):
                await hooks.send()
            off = (await get_endpoint(hooks.postgres, hooks.owner, endpoint)).disabled_at
            assert off is None, f"on day {day}"
            hooks.now += timedelta(days=1)
        await hooks.send()
        found = await get_endpoint(hooks.postgres, hooks.owner, endpoint)
        assert found.disabled_reason == "failing"
        assert [fact["reason"] for _, fact in await hooks.told()] == ["failing"]


async def test_switched_on_again_it_gets_what_comes_then_and_by_hand_what_was_missed_in_its_order(
    hooks: Webhooks,
) -> None:
    link = new_id()
    async with receiver(answering(410)) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        began = hooks.now
        await hooks.take(*(hooks.fact(charge(hooks, link_id=link), n) for n in (1, 2, 3)))
        await hooks.send()
        await close_webhooks(hooks.postgres, hooks.now)
        shop.answer = accept
        await change_endpoint(
            hooks.postgres, hooks.owner, endpoint, draft=EndpointDraft(enabled=True), rules=RULES, now=hooks.now
        )
        await hooks.take(hooks.fact(charge(hooks, link_id=link), 4))
        async with hooks.postgres.transaction() as tx:
            done = await redeliver_range(
                tx,
                hooks.owner,
                endpoint,
                begin=began,
                end=hooks.now + timedelta(hours=1),
                only_failed=True,
                after=None,
                now=hooks.now,
            )
        assert done.count == 3
        shop.arrived.clear()
        await hooks.send_all()
        assert [one.payload["data"]["sequence"] for one in shop.arrived] == [4, 1, 2, 3]
        first = (await hooks.deliveries(endpoint))[0]
        assert (first.state, first.attempts) == ("delivered", 2)


async def test_one_delivery_is_sent_again_under_the_same_id(hooks: Webhooks) -> None:
    async with receiver() as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        await hooks.send_all()
        (one,) = await hooks.deliveries(endpoint)
        async with hooks.postgres.transaction() as tx:
            assert (await redeliver_one(tx, hooks.owner, one.id, now=hooks.now)).state == "pending"
        await hooks.send_all()
        assert shop.ids == [shop.ids[0]] * 2
        assert [attempt.number for attempt in (await hooks.detail(one.id)).attempts] == [1, 2]


async def test_after_a_rotation_both_secrets_sign_until_the_old_one_is_over(hooks: Webhooks) -> None:
    async with receiver() as shop:
        endpoint, old = await hooks.endpoint(shop.url)
        async with hooks.postgres.transaction() as tx:
            _, new = await rotate_secret(
                tx, hooks.owner, endpoint, overlap=timedelta(hours=24), box=hooks.box, now=hooks.now
            )
        await hooks.take(hooks.fact(charge(hooks)))
        await hooks.send_all()
        shop.verify(old)
        shop.verify(new)
        assert shop.arrived[0].headers["webhook-signature"].count("v1,") == 2
        hooks.now += timedelta(hours=25)
        async with hooks.postgres.transaction() as tx:
            await send_test(tx, hooks.owner, endpoint, now=hooks.now)
        await hooks.send()
        last = shop.arrived[-1]
        assert last.payload["type"] == "webhook.test"
        assert last.headers["webhook-signature"].count("v1,") == 1
        # The library compares with the present time, and this clock is a day ahead.
        with pytest.raises(WebhookVerificationError, match="too new"):
            Webhook(new).verify(last.body, last.headers)
        await forget_webhooks(hooks.postgres, hooks.now)
        kept = await hooks.postgres.fetchval("SELECT previous_secret FROM webhook_endpoint WHERE id = $1", endpoint)
        assert kept is None


async def test_no_secret_is_readable_at_rest(hooks: Webhooks) -> None:
    endpoint, secret = await hooks.endpoint("http://127.0.0.1:9/hook")
    sealed = await hooks.postgres.fetchval("SELECT secret FROM webhook_endpoint WHERE id = $1", endpoint)
    assert secret.removeprefix("whsec_").encode() not in sealed
    assert hooks.box.unseal(sealed) == secret


async def test_a_deleted_endpoint_gets_nothing_more_and_is_forgotten_with_its_log(hooks: Webhooks) -> None:
    async with receiver() as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        await delete_endpoint(hooks.postgres, hooks.owner, endpoint, now=hooks.now)
        assert await hooks.send_all() == 0
        await close_webhooks(hooks.postgres, hooks.now)
        assert shop.arrived == []
        lanes = await hooks.postgres.fetchval("SELECT count(*) FROM webhook_lane WHERE endpoint_id = $1", endpoint)
        assert lanes == 0
        await forget_webhooks(hooks.postgres, hooks.now + KEPT + timedelta(days=1))
        left = await hooks.postgres.fetchval("SELECT count(*) FROM webhook_endpoint WHERE id = $1", endpoint)
        assert left == 0
