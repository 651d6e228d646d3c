"""Links as a process: what it answers over NATS, what it takes in, and what it publishes."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import nats
import pytest

from services.links.use_cases.seed_demo import Demo, seed_demo
from shared.contracts import envelope, subjects
from shared.contracts.checkout import ChargeSucceeded, CustomerView
from shared.contracts.envelope import type_of
from shared.contracts.links import (
    FindLink,
    FindLinkReply,
    HoldUse,
    HoldUseReply,
    LinkFound,
    LinkMissing,
    ReleaseUse,
    SettleUse,
    UseIsHeld,
    UseState,
)
from shared.kernel.ids import new_id
from shared.kernel.moment import to_wire, utc_now
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres
from tests.support import servers
from tests.support.links import FIXED, ROOT
from tests.support.links_process import links_process
from tests.support.processes import Server
from tests.support.servers import Databases, Running

TOTAL = Money(50_000, "UGX")


class Live(msgspec.Struct):
    client: httpx.AsyncClient
    nats: Any
    demo: Demo
    pg: Any

    async def ask(self, subject: str, body: msgspec.Struct, answer: Any) -> Any:
        message = await self.nats.request(subject, msgspec.json.encode(body), timeout=5)
        return msgspec.json.decode(message.data, type=answer)


@pytest.fixture(scope="module")
async def process(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Server]:
    """Shared by the tests of this file: each makes links of its own."""
    await servers.forget_streams(nats_server.url)
    dsn = await databases.clone("links")
    folder = tmp_path_factory.mktemp("links")
    server = links_process(dsn, nats_url=nats_server.url, folder=folder, probe="/ready")
    await server.start()
    yield server
    await server.stop()
    await databases.drop(dsn)
    await servers.forget_streams(nats_server.url)


@pytest.fixture
async def live(process: Server) -> AsyncGenerator[Live]:
    environment = process.program.environment
    pg = await Postgres.connect(environment["PAYLINKS_POSTGRES_DSN"], name="tests")
    demo = await seed_demo(pg, now=utc_now())
    connection = await nats.connect(environment["PAYLINKS_NATS_URL"])
    headers = {"Authorization": f"Bearer {demo.bearer}"}
    async with httpx.AsyncClient(base_url=process.url, headers=headers) as client:
        yield Live(client, connection, demo, pg)
    await connection.close()
    await pg.close()


async def eventually(check: Any) -> Any:
    async with asyncio.timeout(10):
        while not (found := await check()):  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.05)
    return found


async def test_a_payment_from_the_link_to_the_numbers(live: Live) -> None:
    seen: list[str] = []

    async def note(message: Any) -> None:
        seen.append(message.headers[envelope.TYPE])

    subscription = await live.nats.subscribe("links.evt.>", cb=note)
    link = (await live.client.post(ROOT, json={"title": "Invoice", "pricing": FIXED, "uses_max": 1})).json()
    found = await live.ask(subjects.LINK_FIND, FindLink(link["slug"]), FindLinkReply)
    assert isinstance(found, LinkFound)
    assert found.link.merchant.name == "Kampala Coffee"
    assert isinstance(await live.ask(subjects.LINK_FIND, FindLink("nobody"), FindLinkReply), LinkMissing)

    ids = {
        "org_id": live.demo.organization_id,
        "link_id": UUID(link["id"]),
        "session_id": new_id(),
        "charge_id": new_id(),
    }
    hold = HoldUse(**ids, held_until=datetime.now(UTC) + timedelta(minutes=15))
    assert isinstance(await live.ask(subjects.USE_HOLD, hold, HoldUseReply), UseIsHeld)

    event = ChargeSucceeded(
        **ids,
        version=2,
        total=TOTAL,
        method="mobile_money",
        provider="sandbox",
        livemode=False,
        at=datetime.now(UTC),
        customer=CustomerView(),
        link_title="Invoice",
        merchant_name="Kampala Coffee",
        receipt_number="R-1",
    )
    fact_id = str(new_id())
    fact_headers = {
        envelope.MSG_ID: fact_id,
        envelope.ID: fact_id,
        envelope.TYPE: type_of(ChargeSucceeded),
        envelope.SOURCE: "paylinks/checkout",
        envelope.TIME: to_wire(datetime.now(UTC)),
    }
    subject = subjects.event_subject(ChargeSucceeded, event.org_id)
    await live.nats.jetstream().publish(subject, msgspec.json.encode(event), headers=fact_headers)

    async def paid() -> Any:
        numbers = (await live.client.get(f"{ROOT}/{link['id']}/stats")).json()
        return numbers if numbers["paid_count"] else None

    numbers = await eventually(paid)
    assert [(one["amount_minor"], one["paid_count"]) for one in numbers["revenue"]] == [(50_000, 1)]
    assert (await live.client.get(f"{ROOT}/{link['id']}")).json()["state"] == "exhausted"
    settled = await live.ask(subjects.USE_SETTLE, SettleUse(**ids, total=TOTAL), UseState)
    released = await live.ask(subjects.USE_RELEASE, ReleaseUse(**ids, reason="failed"), UseState)
    assert (settled.state, released.state) == ("settled", "settled")

    async def told() -> bool:
        return seen[-3:] == ["links.link.created", "links.use.held", "links.use.settled"]

    await eventually(told)
    await subscription.unsubscribe()


async def test_a_hold_lapses_by_itself(live: Live) -> None:
    link = (await live.client.post(ROOT, json={"title": "Invoice", "pricing": FIXED, "uses_max": 1})).json()
    hold = HoldUse(
        org_id=live.demo.organization_id,
        link_id=UUID(link["id"]),
        session_id=new_id(),
        charge_id=new_id(),
        held_until=datetime.now(UTC) + timedelta(seconds=0.5),
    )
    assert isinstance(await live.ask(subjects.USE_HOLD, hold, HoldUseReply), UseIsHeld)

    async def free() -> bool:
        return (await live.client.get(f"{ROOT}/{link['id']}")).json()["uses"]["held"] == 0

    await eventually(free)


async def test_the_demo_is_made_once_and_its_key_is_fresh_each_time(live: Live) -> None:
    again = await seed_demo(live.pg, now=utc_now())
    assert again.organization_id == live.demo.organization_id
    assert [one.id for one in again.products] == [one.id for one in live.demo.products]
    assert [one.price.currency for one in again.products] == ["UGX", "RWF", "USD"]
    assert again.products[0].price == TOTAL
    assert [one.price.currency for one in again.plans] == ["XOF"]
    assert (
        len((await live.client.get("/v1/plans", headers={"Authorization": f"Bearer {again.bearer}"})).json()["data"])
        == 1
    )

    async def old_key_is_refused() -> bool:
        return (await live.client.get(ROOT)).status_code == 401

    await eventually(old_key_is_refused)


async def test_the_document_is_served(live: Live) -> None:
    answer = await live.client.get("/openapi.json")
    assert answer.json()["openapi"] == "3.1.0"


async def test_a_route_that_is_not_there_and_a_method_that_does_not_fit_are_problems(live: Live) -> None:
    missing = await live.client.get("/v1/nothing")
    wrong = await live.client.put(ROOT)
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert "Allow" in wrong.json()["next_step"]
    assert "POST" in wrong.headers["allow"]
    assert len(missing.headers["x-request-id"]) == 32
