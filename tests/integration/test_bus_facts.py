"""What the bus promises on a good day, and with facts that cannot be applied."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import product
from uuid import UUID, uuid4

import nats
import pytest

from shared.contracts import envelope, subjects
from shared.contracts.checkout import SessionAbandoned
from shared.contracts.envelope import Received
from shared.kernel.faults import Unavailable
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.runtime import outbox
from shared.runtime.broker import Broker
from shared.runtime.consumer import Consumer
from shared.runtime.dead import DeadLetter, DeadLetters, ListDead, OneDead, Replayed
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.relay import Relay, headers_of
from tests.conftest import Database
from tests.support import bus
from tests.support.bus import all_applied, assert_once_and_without_gaps, until
from tests.support.bus_service import MIGRATIONS, counting, note

LINKS = [uuid4() for _ in range(3)]


@dataclass
class Bus:
    """checkout and links in this process, on real servers."""

    nats_url: str
    writer: Postgres
    reader: Postgres
    checkout: Broker
    links: Broker
    consumer: Consumer
    wake: Wake
    stack: AsyncExitStack

    async def run(self, *consumers: Consumer) -> None:
        for consumer in consumers:
            task = asyncio.create_task(consumer.run())
            self.stack.push_async_callback(_ended, task)

    async def jetstream(self):
        client = await nats.connect(self.nats_url)
        self.stack.push_async_callback(client.close)
        return client.jetstream()


async def _ended(task: "asyncio.Task[None]") -> None:
    # Until it has: asyncio.wait_for, in nats-py's requests, loses a cancellation that comes together with the answer.
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.5)


@pytest.fixture
async def running_bus(database: Database, nats_url: str) -> AsyncGenerator[Bus, None]:
    async with AsyncExitStack() as stack:
        writer_dsn, reader_dsn = [await database("bus", MIGRATIONS) for _ in range(2)]
        writer = await stack.enter_async_context(bus.pool(writer_dsn))
        reader = await stack.enter_async_context(bus.pool(reader_dsn))
        brokers = [Broker(nats_url, name, on_closed=lambda: None) for name in ("checkout", "links")]
        wake = Wake()
        relay = Relay(writer_dsn, brokers[0], wake)
        consumer = counting(brokers[1], reader)
        DeadLetters(brokers[1], reader, [consumer])
        for broker in brokers:
            broker.start()
            stack.push_async_callback(broker.stop)
        running = Bus(nats_url, writer, reader, *brokers, consumer, wake, stack)
        await running.run(consumer, relay)  # pyright: ignore[reportArgumentType]
        yield running


async def test_a_fact_leaves_only_with_the_change_that_it_announces(running_bus: Bus) -> None:
    async def announce_and_fail() -> None:
        async with running_bus.writer.transaction() as tx:
            await outbox.add(tx, [bus.fact(1, LINKS[0])], now=utc_now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await announce_and_fail()
    await bus.write(running_bus.writer, [2], LINKS)
    await all_applied(running_bus.reader, 1, seconds=10)
    assert [row["number"] for row in await bus.applied(running_bus.reader)] == [2]


async def test_each_link_counts_its_facts_without_gaps_in_the_order_they_were_written(running_bus: Bus) -> None:
    writers = [range(start, start + 100) for start in range(0, 400, 100)]
    await asyncio.gather(*(bus.write(running_bus.writer, numbers, LINKS) for numbers in writers))
    await all_applied(running_bus.reader, 400, seconds=10)
    await assert_once_and_without_gaps(running_bus.writer, running_bus.reader)
    # Between writers nothing says who was first: a position is drawn before its commit, and the relay may have
    # numbered higher ones by then.
    sequence_of = {row["number"]: row["sequence"] for row in await bus.applied(running_bus.reader)}
    for numbers, link in product(writers, range(len(LINKS))):
        sequences = [sequence_of[number] for number in numbers if number % len(LINKS) == link]
        assert sequences == sorted(sequences)


async def test_a_bell_makes_a_fact_arrive_at_once(running_bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.relay.POLL_SECONDS", 10)
    await bus.write(running_bus.writer, [1], LINKS)
    await all_applied(running_bus.reader, 1, seconds=10)
    await asyncio.sleep(0.6)
    await bus.write(running_bus.writer, [2], LINKS)
    running_bus.wake()
    await all_applied(running_bus.reader, 2, seconds=5)


async def test_a_fact_that_is_delivered_again_has_no_second_effect(running_bus: Bus) -> None:
    await bus.write(running_bus.writer, range(30), LINKS)
    await all_applied(running_bus.reader, 30, seconds=10)
    rows = await running_bus.writer.fetch("SELECT * FROM outbox ORDER BY position")
    jetstream = await running_bus.jetstream()
    for _ in range(3):
        for row in reversed(rows):
            headers = {**headers_of(row, "checkout"), envelope.MSG_ID: str(new_id())}  # past the server's own dedupe
            await jetstream.publish(row["subject"], row["data"], headers=headers)

    async def all_taken() -> bool:
        info = await jetstream.consumer_info("CHECKOUT", "links--count")
        return info.num_pending == 0 and info.num_ack_pending == 0

    await until(all_taken, seconds=10, what="every delivery acknowledged")
    assert (await jetstream.stream_info("CHECKOUT")).state.messages == 120
    await assert_once_and_without_gaps(running_bus.writer, running_bus.reader)


async def test_a_replay_of_the_outbox_changes_nothing(running_bus: Bus) -> None:
    began = utc_now()
    await bus.write(running_bus.writer, range(50), LINKS)
    await all_applied(running_bus.reader, 50, seconds=10)
    await running_bus.writer.execute(outbox._sql["unsend"], began, None, None, None)

    async def sent_again() -> bool:
        return not await running_bus.writer.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")

    await until(sent_again, seconds=10, what="the outbox is empty again")
    await assert_once_and_without_gaps(running_bus.writer, running_bus.reader)


async def test_one_poisonous_fact_among_a_thousand_is_put_aside_and_can_be_replayed(
    running_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.consumer.delay_seconds", lambda _: 0.05)
    await bus.write(running_bus.writer, [*range(1, 500), -1, *range(500, 1000)], LINKS, per_transaction=100)
    await all_applied(running_bus.reader, 999, seconds=15)

    async def dead() -> list[DeadLetter]:
        return await running_bus.checkout.request(subjects.dead_letters("links", "list"), ListDead(), list[DeadLetter])

    async def one_is_dead() -> bool:
        return len(await dead()) == 1

    await until(one_is_dead, seconds=10, what="one dead letter")
    (letter,) = await dead()
    assert (letter.consumer, letter.deliveries, "PoisonedError" in letter.error) == ("count", 8, True)

    ask = OneDead(letter.event_id)
    replay = subjects.dead_letters("links", "replay")
    refused = await running_bus.checkout.request(replay, ask, Replayed)
    assert "PoisonedError" in refused.outcomes["count"]
    await running_bus.reader.execute("INSERT INTO cured DEFAULT VALUES")
    for _ in range(2):  # a replay is safe to repeat
        assert (await running_bus.checkout.request(replay, ask, Replayed)).outcomes == {"count": "done"}
    await assert_once_and_without_gaps(running_bus.writer, running_bus.reader)
    assert await dead() == []
    (shown,) = await running_bus.checkout.request(subjects.dead_letters("links", "show"), ask, list[DeadLetter])
    assert '"amount_minor":-1' in shown.body
    assert shown.headers[envelope.ID] == str(letter.event_id)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"hello"),
        ({envelope.TYPE: "checkout.session.abandoned", envelope.ID: "x\u0001y", envelope.TIME: "now"}, b"{}"),
        ({envelope.TYPE: "no.such.fact", envelope.ID: str(new_id()), envelope.TIME: "2026-01-01T00:00:00Z"}, b"\x00"),
    ],
)
async def test_a_message_that_is_no_fact_becomes_a_dead_letter_at_once(
    running_bus: Bus, headers: dict[str, str], body: bytes
) -> None:
    await bus.write(running_bus.writer, [1], LINKS)
    await all_applied(running_bus.reader, 1, seconds=10)
    jetstream = await running_bus.jetstream()
    await jetstream.publish(subjects.event_subject(SessionAbandoned, uuid4()), body, headers=headers)

    async def is_dead() -> bool:
        return await running_bus.reader.fetchval("SELECT count(*) FROM dead_letter WHERE deliveries = 1") == 1

    await until(is_dead, seconds=5, what="one dead letter")
    await bus.write(running_bus.writer, [2], LINKS)
    await all_applied(running_bus.reader, 2, seconds=5)

    async def advised() -> bool:
        return (await jetstream.stream_info("DEAD")).state.messages == 1

    await until(advised, seconds=5, what="the server's own note of it in stream DEAD")


async def test_a_value_that_postgres_refuses_is_the_facts_fault_and_not_an_outage(
    running_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.consumer.delay_seconds", lambda _: 0.05)

    async def store_too_much(tx: object, received: Sequence[Received]) -> None:
        if any(one.event.total.minor == 7 for one in received):  # type: ignore[attr-defined]
            await tx.execute("INSERT INTO made VALUES ($1, $2)", 2**70, LINKS[0])  # type: ignore[attr-defined]
        await note(tx, received)  # type: ignore[arg-type]

    strict = Consumer(
        "strict",
        broker=running_bus.links,
        postgres=running_bus.reader,
        events=[SessionAbandoned],
        handler=store_too_much,
    )
    await running_bus.run(strict)
    await bus.write(running_bus.writer, range(20), LINKS, per_transaction=20)

    async def is_dead() -> bool:
        return await running_bus.reader.fetchval("SELECT count(*) FROM dead_letter WHERE consumer = 'strict'") == 1

    await until(is_dead, seconds=10, what="one dead letter")
    assert await running_bus.reader.fetchval("SELECT count(*) FROM inbox WHERE consumer = 'strict'") == 19


async def test_a_question_whose_answer_fails_is_refused_at_once(running_bus: Bus) -> None:
    await asyncio.gather(running_bus.checkout.started(), running_bus.links.started())
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(Unavailable):
        # `limit` is a number: the answering side cannot read the question.
        await running_bus.checkout.request(subjects.dead_letters("links", "list"), OneDead(new_id()), int)
    with pytest.raises(Unavailable):
        await running_bus.checkout.request("links.rpc.v1.nobody.home", OneDead(new_id()), int)
    assert loop.time() - began < 1


async def test_what_a_consumer_had_taken_is_given_back_when_it_is_drained(running_bus: Bus) -> None:
    began, go = asyncio.Event(), asyncio.Event()

    async def hesitate(tx: object, received: Sequence[Received]) -> None:
        began.set()
        await go.wait()

    def slow() -> Consumer:
        return Consumer(
            "slow", broker=running_bus.links, postgres=running_bus.reader, events=[SessionAbandoned], handler=hesitate
        )

    first = slow()
    task = asyncio.create_task(first.run())
    await bus.write(running_bus.writer, range(300), LINKS, per_transaction=300)
    await asyncio.wait_for(began.wait(), 10)
    await asyncio.sleep(0.2)
    first.drain()
    assert not task.done()  # its batch is not over
    go.set()
    await asyncio.wait_for(task, 5)
    took = await running_bus.reader.fetchval("SELECT count(*) FROM inbox WHERE consumer = 'slow'")
    assert 0 < took < 300
    await running_bus.run(slow())

    async def all_taken() -> bool:
        return await running_bus.reader.fetchval("SELECT count(*) FROM inbox WHERE consumer = 'slow'") == 300

    # Far sooner than the time after which the server gives up on a consumer that vanished.
    await until(all_taken, seconds=3, what="the rest is taken by the next one")


async def test_streams_keep_facts_by_age_and_on_disk(running_bus: Bus) -> None:
    await bus.write(running_bus.writer, [1], LINKS)
    await all_applied(running_bus.reader, 1, seconds=10)
    jetstream = await running_bus.jetstream()
    config = (await jetstream.stream_info("CHECKOUT")).config
    assert (config.max_age, config.max_bytes, config.storage) == (14 * 86_400, -1, "file")
    reading = (await jetstream.consumer_info("CHECKOUT", "links--count")).config
    assert (reading.ack_policy, reading.ack_wait, reading.max_deliver) == ("explicit", 10, -1)


async def test_batches_leave_no_subscription_and_no_promise_behind(running_bus: Bus) -> None:
    await bus.write(running_bus.writer, range(300), LINKS)
    await all_applied(running_bus.reader, 300, seconds=10)
    before = [len(broker.client._subs) for broker in (running_bus.checkout, running_bus.links)]
    for start in range(300, 600, 10):
        await bus.write(running_bus.writer, range(start, start + 10), LINKS)
        running_bus.wake()
    await all_applied(running_bus.reader, 600, seconds=10)
    assert [len(broker.client._subs) for broker in (running_bus.checkout, running_bus.links)] == before


async def test_a_consumer_goes_on_where_the_last_of_those_stood_that_it_replaces(running_bus: Bus) -> None:
    """The first has taken in all of it, the other nothing since the first ten."""
    jetstream = await running_bus.jetstream()
    await bus.write(running_bus.writer, range(10), LINKS)
    await all_applied(running_bus.reader, 10, seconds=10)
    other = await jetstream.pull_subscribe("checkout.evt.>", durable="links--other", stream="CHECKOUT")
    for message in await other.fetch(10, timeout=5):
        await message.ack_sync()
    await bus.write(running_bus.writer, range(10, 30), LINKS)
    await all_applied(running_bus.reader, 30, seconds=10)
    taken: list[UUID] = []

    async def handler(_: Transaction, received: Sequence[Received]) -> None:
        taken.extend(one.id for one in received)

    successor = Consumer(
        "both",
        broker=running_bus.links,
        postgres=running_bus.reader,
        events=[SessionAbandoned],
        handler=handler,
        instead_of=("count", "other", "never"),
    )
    await running_bus.run(successor)

    async def all_taken() -> bool:
        return len(taken) >= 20

    await until(all_taken, seconds=10, what="the rest")
    await asyncio.sleep(0.3)
    rows = await running_bus.writer.fetch("SELECT id FROM outbox ORDER BY position OFFSET 10")
    assert taken == [row["id"] for row in rows]
    names = {info.name for info in await jetstream.consumers_info("CHECKOUT")}
    assert "links--both" in names
    assert "links--other" not in names
