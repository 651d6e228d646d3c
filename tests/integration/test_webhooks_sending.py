"""Webhooks on real PostgreSQL and real sockets: signed, in order for each link, tried again, and in nobody's way."""

import asyncio
import time
from datetime import timedelta

import msgspec
import pytest
from aiohttp import web

from services.notify.domain.webhook_attempt import RETRY_SECONDS
from services.notify.domain.webhook_endpoint import ENDPOINTS_MAX
from services.notify.store.webhook_endpoints import Owner
from services.notify.use_cases.send_webhooks import PER_ENDPOINT_MAX, PER_ORGANIZATION_MAX
from services.notify.webhooks.guard import Guard
from services.notify.webhooks.sender import Sender
from shared.contracts.checkout import ChargeFailed, SessionOpened
from shared.contracts.notify import MailSent
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.webhooks import Webhooks, accept, answering, charge, receiver


async def test_an_event_arrives_signed_and_is_what_the_catalogue_says(hooks: Webhooks) -> None:
    async with receiver() as shop:
        endpoint, secret = await hooks.endpoint(shop.url)
        event = charge(hooks)
        fact = hooks.fact(event, sequence=7)
        await hooks.take(fact)
        assert await hooks.send() == 1
        (arrived,) = shop.arrived
        shop.verify(secret)
        assert arrived.id == f"msg_{fact.id.hex}"
        assert arrived.headers["content-type"] == "application/json"
        payload = arrived.payload
        assert set(payload) == {"type", "timestamp", "data"}
        assert payload["type"] == "charge.succeeded"
        assert payload["data"]["total"] == {"amount_minor": 50_000, "currency": "UGX"}
        assert payload["data"]["charge_id"] == str(event.charge_id)
        assert payload["data"]["sequence"] == 7
        (delivery,) = await hooks.deliveries(endpoint)
        assert (delivery.state, delivery.attempts, delivery.last_status) == ("delivered", 1, 204)


async def test_only_what_an_endpoint_asked_for_in_its_mode_and_organization_is_sent(hooks: Webhooks) -> None:
    async with receiver() as shop, receiver() as everything, receiver() as stranger, receiver() as live:
        await hooks.endpoint(shop.url, "charge.*", "mail.sent")
        await hooks.endpoint(everything.url)
        await hooks.endpoint(stranger.url, owner=Owner(new_id(), livemode=False))
        await hooks.endpoint(live.url, owner=Owner(hooks.owner.org_id, livemode=True))
        about = {"org_id": hooks.owner.org_id, "link_id": new_id()}
        session = SessionOpened(
            **about, session_id=new_id(), total=Money(1, "UGX"), livemode=False, expires_at=hooks.now
        )
        mail = MailSent(**about, mail_id=new_id(), kind="receipt", livemode=False, message_id="<x@y>")
        await hooks.take(hooks.fact(session), hooks.fact(charge(hooks)), hooks.fact(mail))
        await hooks.send_all()
        assert sorted(one.payload["type"] for one in shop.arrived) == ["charge.succeeded", "mail.sent"]
        assert len(everything.arrived) == 3
        assert stranger.arrived == live.arrived == []


async def test_what_happened_before_the_endpoint_was_made_is_not_told(hooks: Webhooks) -> None:
    old = hooks.fact(charge(hooks))
    hooks.now += timedelta(minutes=1)
    async with receiver() as shop:
        await hooks.endpoint(shop.url)
        await hooks.take(old)
        assert await hooks.send_all() == 0


async def test_a_fact_that_comes_twice_is_told_once(hooks: Webhooks) -> None:
    async with receiver() as shop:
        await hooks.endpoint(shop.url)
        fact = hooks.fact(charge(hooks))
        await hooks.take(fact)
        await hooks.take(fact)
        await hooks.send_all()
        assert len(shop.arrived) == 1


async def test_what_fails_is_tried_again_later_under_the_same_id_and_a_new_timestamp(hooks: Webhooks) -> None:
    async with receiver(answering(500, "oops")) as shop:
        endpoint, secret = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        await hooks.send()
        (waiting,) = await hooks.deliveries(endpoint)
        assert (waiting.state, waiting.last_error) == ("pending", "answered 500")
        assert waiting.next_attempt_at is not None
        assert 4.5 <= (waiting.next_attempt_at - hooks.now).total_seconds() <= 5.5
        assert await hooks.send(seconds=4) == 0
        shop.answer = accept
        assert await hooks.send(seconds=2) == 1
        first, second = shop.arrived
        assert first.id == second.id
        assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
        (done,) = await hooks.deliveries(endpoint)
        assert (done.state, done.attempts) == ("delivered", 2)
        detail = await hooks.detail(done.id)
        assert [(one.number, one.status, one.response_body) for one in detail.attempts] == [
            (1, 500, "oops"),
            (2, 204, ""),
        ]
        assert detail.payload == first.body
        assert detail.attempts[0].request_headers["webhook-signature"] == first.headers["webhook-signature"]
        assert secret not in str(detail)


async def test_after_three_days_of_failing_an_event_is_given_up_and_the_next_one_of_the_link_goes_on(
    hooks: Webhooks,
) -> None:
    link = new_id()
    async with receiver(answering(503)) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks, link_id=link), 1), hooks.fact(charge(hooks, link_id=link), 2))
        began = hooks.now
        attempts = await hooks.send()
        for seconds in RETRY_SECONDS:
            attempts += await hooks.send(seconds=seconds * 1.11)
        first, second = await hooks.deliveries(endpoint)
        assert (first.state, first.attempts, second.state, second.attempts) == ("failed", attempts, "pending", 0)
        assert timedelta(days=3) <= hooks.now - began <= timedelta(days=4)
        shop.answer = accept
        assert await hooks.send() == 1
        assert shop.ids[-1] == f"msg_{second.event_id.hex}"


async def test_events_of_one_link_keep_their_order_under_retries_and_other_links_do_not_wait(hooks: Webhooks) -> None:
    stuck, free = new_id(), new_id()
    events = [hooks.fact(charge(hooks, link_id=stuck if n % 2 else free), n) for n in range(1, 13)]
    failing = {f"msg_{events[0].id.hex}"}

    async def sometimes(request: web.Request) -> web.Response:
        return web.Response(status=500 if request.headers["webhook-id"] in failing else 204)

    async with receiver(sometimes) as shop:
        await hooks.endpoint(shop.url)
        await hooks.take(*events)
        await hooks.send_all()
        of_free = [f"msg_{one.id.hex}" for one in events if one.event.link_id == free]
        of_stuck = [f"msg_{one.id.hex}" for one in events if one.event.link_id == stuck]
        assert [one for one in shop.ids if one in of_free] == of_free
        assert [one for one in shop.ids if one in of_stuck] == of_stuck[:1]
        failing.clear()
        await hooks.send(seconds=6)
        await hooks.send_all()
        assert [one for one in shop.ids if one in of_stuck] == [of_stuck[0], *of_stuck]


async def test_a_fact_that_was_overtaken_on_its_way_goes_first(hooks: Webhooks) -> None:
    link = new_id()
    async with receiver() as shop:
        await hooks.endpoint(shop.url)
        first, second, third = (hooks.fact(charge(hooks, link_id=link), n) for n in (1, 2, 3))
        await hooks.take(third)
        await hooks.take(second)
        await hooks.take(first)
        await hooks.send_all()
        assert [one.payload["data"]["sequence"] for one in shop.arrived] == [1, 2, 3]


async def test_one_endpoint_that_is_down_and_one_that_is_slow_do_not_delay_the_others(hooks: Webhooks) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response(status=204)

    async with receiver(slow) as sleepy, receiver() as shop, receiver() as gone:
        await hooks.endpoint(sleepy.url)
        await hooks.endpoint(gone.url.replace(gone.url.split(":")[2], "1/hook"))
        endpoint, secret = await hooks.endpoint(shop.url)
        await hooks.take(*(hooks.fact(charge(hooks)) for _ in range(60)))
        hooks.now += timedelta(seconds=1)
        courier = hooks.courier()
        began = time.monotonic()
        while len(shop.arrived) < 60:
            await courier.begin()
            await asyncio.sleep(0.02)
            assert time.monotonic() - began < 2.5, f"only {len(shop.arrived)} of 60 arrived"
        assert len(sleepy.arrived) <= PER_ENDPOINT_MAX
        shop.verify(secret)
        await courier.finish()
        states = {one.state for one in await hooks.deliveries(endpoint)}
        assert states == {"delivered"}


async def test_retry_after_is_honoured_up_to_a_day(hooks: Webhooks) -> None:
    async with receiver(answering(429, retry_after="7200")) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        await hooks.send()
        (one,) = await hooks.deliveries(endpoint)
        assert one.next_attempt_at == hooks.now + timedelta(hours=2)
        shop.answer = answering(503, retry_after="99999999999999")
        await hooks.send(hours=3)
        (one,) = await hooks.deliveries(endpoint)
        assert one.next_attempt_at == hooks.now + timedelta(days=1)


async def test_one_organization_with_many_slow_endpoints_leaves_room_for_the_others(hooks: Webhooks) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response(status=204)

    greedy, other = new_id(), hooks.owner
    async with receiver(slow) as sleepy, receiver() as shop:
        for livemode in (True, False):
            hooks.owner = Owner(greedy, livemode=livemode)
            for _ in range(ENDPOINTS_MAX):
                await hooks.endpoint(sleepy.url)
            events = [msgspec.structs.replace(charge(hooks), livemode=livemode) for _ in range(PER_ENDPOINT_MAX)]
            await hooks.take(*(hooks.fact(event) for event in events))
        hooks.owner = other
        await hooks.endpoint(shop.url)
        hooks.now += timedelta(seconds=1)
        courier = hooks.courier()
        while await courier.begin():
            pass
        await hooks.take(*(hooks.fact(charge(hooks)) for _ in range(20)))
        hooks.now += timedelta(seconds=1)
        began = time.monotonic()
        while len(shop.arrived) < 20:
            await courier.begin()
            await asyncio.sleep(0.02)
            assert time.monotonic() - began < 2, f"only {len(shop.arrived)} of 20 arrived"
        assert len(sleepy.arrived) <= PER_ORGANIZATION_MAX
        await courier.finish()


@pytest.mark.parametrize(
    "odd", ["Mon, 01 Jan 99999999999 00:00:00 GMT", f"Mon, 01 Jan 2027 00:00:00 +{'9' * 19}", "9" * 8_000, "soon"]
)
async def test_an_odd_retry_after_is_an_attempt_like_any_other(hooks: Webhooks, odd: str) -> None:
    """Raised, it was no attempt at all: sent again every ten seconds, for ever, and the endpoint never switched off."""
    async with receiver(answering(503, retry_after=odd)) as shop:
        endpoint, _ = await hooks.endpoint(shop.url)
        await hooks.take(hooks.fact(charge(hooks)))
        await hooks.send()
        (one,) = await hooks.deliveries(endpoint)
        assert (one.attempts, one.last_status) == (1, 503)


async def test_what_is_no_answer_is_described_for_whoever_runs_the_other_side(hooks: Webhooks) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=200)
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65_536)

    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    hooks.sender = Sender(Guard("loopback"), seconds_max=0.3)
    async with receiver(silent) as quiet, receiver(endless) as chatty:
        answered = {
            url: await hooks.sender.post(url, b"{}", {}, at=hooks.now)
            for url in (quiet.url, chatty.url, "http://127.0.0.1:1/x", "http://nowhere.invalid/x")
        }
        errors = [one.error for one in answered.values()]
        assert errors[0] == "no answer within 0.3 seconds"
        assert errors[1] is None
        assert answered[chatty.url].status == 200
        assert len(answered[chatty.url].body) == 2000
        assert errors[2] is not None
        assert errors[2].startswith("no connection")
        assert errors[3] == "the name nowhere.invalid could not be looked up"


async def test_a_failed_charge_is_told_too(hooks: Webhooks) -> None:
    succeeded = charge(hooks)
    shared = {
        name: getattr(succeeded, name)
        for name in ("org_id", "link_id", "charge_id", "session_id", "version", "total", "method", "provider", "at")
    }
    async with receiver() as shop:
        await hooks.endpoint(shop.url, "charge.failed")
        await hooks.take(hooks.fact(ChargeFailed(**shared, livemode=False, reason="declined")))
        await hooks.send_all()
        assert shop.arrived[0].payload["data"]["reason"] == "declined"
