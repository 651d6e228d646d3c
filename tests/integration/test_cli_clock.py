"""`paylinks clock` on a stack of its own: time passes for all three services, over a restart; never in live mode."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import nats
import pytest

from deploy.local.seed import present
from shared.contracts.operator import ClockTold
from shared.contracts.subjects import clock_show
from shared.kernel.moment import to_wire, utc_now
from shared.runtime.broker import Broker
from shared.runtime.movable_clock import BUCKET, KEY, MovableClock, answer_clock, read_offset, write_offset
from tests.e2e.api import Api, until
from tests.support.cli import called
from tests.support.stack import Stack

DAY = 86_400


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack, None]:
    running = Stack(tmp_path_factory.mktemp("clock") / "home")
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def api(stack: Stack) -> AsyncGenerator[Api, None]:
    client = Api(stack)
    yield client
    await client.close()


async def clock(stack: Stack, *arguments: str) -> list[dict[str, Any]]:
    code, output, errors = await called("clock", *arguments, PAYLINKS_HOME=str(stack.home))
    assert (code, errors) == (0, ""), errors
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.stack
async def test_time_that_passes_is_seen_by_all_services_and_by_what_waits_in_them(stack: Stack, api: Api) -> None:
    soon = to_wire(utc_now() + timedelta(hours=3))
    recipient = {"email": f"late-{uuid4().hex[:6]}@clock.example", "name": "Amina"}
    link = await api.link(expires_at=to_wire(utc_now() + timedelta(days=2)))
    mailed = await api.link(recipient=recipient, scheduled_at=soon)
    held = await api.link(uses_max=1, providers=["sandbox"])
    session = await api.session(held)
    assert (await api.pay(session, method="mobile_money", phone="+256772000004")).status_code == 202
    await until(lambda: api.one(held), lambda one: one["uses"]["held"] == 1)
    assert await api.mails(recipient["email"]) == []

    told = await clock(stack, "advance", "3d")
    assert [(one["service"], one["offset_seconds"]) for one in told] == [
        ("links", 3 * DAY),
        ("checkout", 3 * DAY),
        ("notify", 3 * DAY),
    ]
    assert (await api.one(link))["state"] == "expired"
    assert (await api.open(link)).status_code == 410
    assert (await api.one_mail(recipient["email"]))["subject"]
    await until(lambda: api.one(mailed), lambda one: one["id"] == mailed["id"])
    assert datetime.fromisoformat(told[0]["now"]) - datetime.now(UTC) > timedelta(days=2, hours=23)


@pytest.mark.stack
async def test_a_payment_in_time_that_was_moved_is_captured_by_callback_and_counted(stack: Stack, api: Api) -> None:
    await clock(stack, "advance", "1d")
    link = await api.link(providers=["sandbox"])
    paid = await api.paid(link, email=f"moved-{uuid4().hex[:6]}@clock.example")
    assert paid["status"] == "paid"
    (row,) = await api.rows(
        "checkout",
        "SELECT DISTINCT verdict FROM callback JOIN charge ON charge.id = callback.charge_id WHERE session_id = $1",
        paid["id"],
    )
    assert row["verdict"] == "accepted", "the provider signs with real time"
    assert (await api.settled(link))["paid_count"] == 1


@pytest.mark.stack
async def test_a_service_that_was_killed_comes_back_in_the_time_that_it_is(stack: Stack) -> None:
    before = (await clock(stack, "show"))[1]["offset_seconds"]
    stack.kill("checkout")

    async def back() -> list[dict[str, Any]]:
        code, output, _ = await called("clock", "show", PAYLINKS_HOME=str(stack.home))
        return [json.loads(line) for line in output.splitlines()] if code == 0 else []

    told = await until(back, bool)
    assert before > 0
    assert [one["offset_seconds"] for one in told] == [before] * 3


@pytest.mark.stack
async def test_reset_goes_back_to_real_time_and_what_is_no_duration_moves_nothing(stack: Stack) -> None:
    await clock(stack, "advance", "1h")
    assert {one["offset_seconds"] for one in await clock(stack, "reset")} == {0}
    for text, sentence in (
        ("soon", "'soon' is not a duration"),
        ("0s", "Time goes forward"),
        ("4000d", "That is more"),
    ):
        code, output, errors = await called("clock", "advance", text, PAYLINKS_HOME=str(stack.home))
        assert (code, output, errors.startswith(sentence), errors.count("\n")) == (1, "", True, 1)
    assert {one["offset_seconds"] for one in await clock(stack, "show")} == {0}
    _, shown, _ = await called("clock", "show", "--no-json", PAYLINKS_HOME=str(stack.home))
    assert [line.split()[0] for line in shown.splitlines()] == ["service", "links", "checkout", "notify"]


async def test_where_nobody_is_in_test_mode_time_stays(nats_url: str) -> None:
    code, output, errors = await called("clock", "advance", "1d", "--nats", nats_url)
    assert (code, output) == (1, "")
    assert errors == (
        "No clock answers in links, checkout, notify: time can be moved in test mode (PAYLINKS_TEST_MODE=1) only.\n"
    )
    client = await nats.connect(nats_url)
    assert await read_offset(client.jetstream()) == 0, "nothing was written"
    await client.close()


async def test_a_clock_goes_on_while_nats_is_away_and_believes_no_nonsense(nats_url: str) -> None:
    clock, broker = MovableClock(), Broker(nats_url, "links", on_closed=lambda: None)
    answer_clock(broker, clock)
    broker.start()
    await broker.started()
    following = asyncio.create_task(clock.follow(broker))
    await asyncio.wait_for(clock.known.wait(), 5)
    client = await nats.connect(nats_url)
    await write_offset(client.jetstream(), DAY)
    await until(lambda: _offset(client), lambda offset: offset == DAY)
    assert await present(nats_url) - utc_now() > timedelta(hours=23), "the demo's credentials are fresh in that time"
    kept = await client.jetstream().key_value(BUCKET)
    for nonsense in (b"-5", b"1e9", b"999999999999", b"\xff"):
        await kept.put(KEY, nonsense)
        assert await read_offset(client.jetstream()) == 0
    following.cancel()
    assert clock() - utc_now() > timedelta(hours=23)
    await client.close()
    await broker.stop()


async def _offset(client: nats.NATS) -> int:
    message = await client.request(clock_show("links"), b"{}", timeout=2)
    return msgspec.json.decode(message.data, type=ClockTold).offset_seconds
