"""Money is counted once, in whatever order the facts come, or put aside and told."""

import asyncio
from datetime import timedelta

import pytest

from services.links.use_cases.lapse_holds import lapse_holds
from shared.contracts.checkout import (
    ChargeCreated,
    ChargeFailed,
    ChargePending,
    SessionExpired,
)
from shared.contracts.envelope import Event
from shared.contracts.links import (
    HoldUse,
    UseIsHeld,
)
from shared.kernel.ids import new_id
from tests.support.links import ROOT, LinksService, Tenant
from tests.support.uses import TOTAL, fact, release, settle, stats, succeeded, take_in, uses


async def test_a_settled_use_counts_once_and_earns_once(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=2)
    ask, _ = await service.hold(link, shop)
    states = await asyncio.gather(*(settle(service, ask) for _ in range(10)))
    assert {state.state for state in states} == {"settled"}
    await take_in(service, succeeded(ask, version=2, at=service.now()))
    assert await uses(shop, link) == (1, 0)
    numbers = await stats(shop, link)
    assert numbers["paid_count"] == 1
    assert [(one["amount_minor"], one["currency"]) for one in numbers["revenue"]] == [(50_000, "UGX")]
    assert [kind for kind, _ in await service.facts()].count("links.use.settled") == 1
    _, held = await service.hold(link, shop, session_id=ask.session_id, charge_id=ask.charge_id)
    assert isinstance(held, UseIsHeld)
    assert await uses(shop, link) == (1, 0)


async def test_stats_that_are_read_while_uses_settle_agree_with_themselves(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=40)
    asks = [(await service.hold(link, shop))[0] for _ in range(40)]
    settling = asyncio.gather(*(settle(service, ask) for ask in asks))
    while not settling.done():
        numbers = await stats(shop, link)
        assert numbers["paid_count"] == numbers["uses"]["used"]
    await settling
    assert (await stats(shop, link))["paid_count"] == 40


async def test_a_hold_lapses_and_a_late_success_counts_while_there_is_room(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    ask, _ = await service.hold(link, shop)
    assert await lapse_holds(service.pg, now=service.now()) == 0
    service.ahead = timedelta(minutes=20)
    released = await asyncio.gather(*(lapse_holds(service.pg, now=service.now()) for _ in range(3)))
    assert sum(released) == 1
    assert await uses(shop, link) == (0, 0)
    assert (await settle(service, ask)).state == "settled"
    assert await uses(shop, link) == (1, 0)
    assert [data["reason"] for kind, data in await service.facts() if kind == "links.use.released"] == ["lapsed"]


@pytest.mark.parametrize("policy", ["accept", "review", "refund"])
async def test_a_success_over_the_cap_is_put_aside_whatever_the_policy(
    service: LinksService, shop: Tenant, policy: str
) -> None:
    link = await shop.make(uses_max=1, late_payment_policy=policy)
    late, _ = await service.hold(link, shop)
    service.ahead = timedelta(minutes=20)
    await lapse_holds(service.pg, now=service.now())
    winner, _ = await service.hold(link, shop)
    await settle(service, winner)
    assert (await settle(service, late)).state == "refused"
    await take_in(service, succeeded(late, version=2, at=service.now()))
    assert await uses(shop, link) == (1, 0)
    numbers = await stats(shop, link)
    assert numbers["paid_count"] == 1
    assert numbers["unsettled"] == [{"amount_minor": 50_000, "currency": "UGX", "charges": 1}]
    refused = [data for kind, data in await service.facts() if kind == "links.use.refused"]
    assert [data["policy"] for data in refused] == [policy]


@pytest.mark.parametrize(("policy", "state"), [("accept", "settled"), ("review", "refused"), ("refund", "refused")])
async def test_after_the_end_the_policy_decides(service: LinksService, shop: Tenant, policy: str, state: str) -> None:
    link = await shop.make(uses_max=5, late_payment_policy=policy)
    ask, _ = await service.hold(link, shop)
    await shop.client.delete(f"{ROOT}/{link['id']}")
    assert (await settle(service, ask)).state == state
    assert await uses(shop, link) == (int(state == "settled"), 0)


async def test_a_success_from_before_the_end_counts_though_its_fact_comes_later(
    service: LinksService, shop: Tenant
) -> None:
    link = await shop.make(late_payment_policy="refund")
    ask, _ = await service.hold(link, shop)
    captured_at = service.now()
    await shop.client.delete(f"{ROOT}/{link['id']}")
    await take_in(service, succeeded(ask, version=2, at=captured_at))
    assert (await stats(shop, link))["paid_count"] == 1


async def test_a_session_that_was_paid_twice_counts_once_and_the_rest_is_put_aside(
    service: LinksService, shop: Tenant
) -> None:
    link = await shop.make(uses_max=5)
    first, _ = await service.hold(link, shop)
    second, _ = await service.hold(link, shop, session_id=first.session_id)
    events = [succeeded(first, version=3, at=service.now()), succeeded(second, version=2, at=service.now())]
    await take_in(service, *events)
    await take_in(service, *events)
    assert (await settle(service, second)).state == "refused"
    assert await uses(shop, link) == (1, 0)
    numbers = await stats(shop, link)
    assert (numbers["paid_count"], numbers["unsettled"][0]["charges"]) == (1, 1)
    assert [data["policy"] for kind, data in await service.facts() if kind == "links.use.refused"] == ["review"]


async def test_facts_may_come_in_any_order(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=5)
    ask, _ = await service.hold(link, shop)
    at = service.now()
    await take_in(service, succeeded(ask, version=3, at=at + timedelta(seconds=3)))
    await take_in(service, fact(ChargeFailed, ask, version=2, at=at + timedelta(seconds=2), reason="expired"))
    await take_in(service, fact(ChargeCreated, ask, version=1, at=at))
    assert await uses(shop, link) == (1, 0)
    page = (await shop.client.get(f"{ROOT}/{link['id']}/charges")).json()
    (charge,) = page["data"]
    assert (charge["status"], charge["failure_reason"], charge["receipt_number"]) == ("succeeded", None, "R-1")
    assert charge["customer"]["email"] == "amina@example.com"
    assert charge["total"] == {"amount_minor": 50_000, "currency": "UGX"}


async def test_failed_then_succeeded_counts(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    ask, _ = await service.hold(link, shop)
    at = service.now()
    await take_in(service, fact(ChargeFailed, ask, version=2, at=at, reason="expired"))
    assert await uses(shop, link) == (0, 0)
    await take_in(service, succeeded(ask, version=3, at=at))
    assert await uses(shop, link) == (1, 0)


async def test_a_whole_life_in_one_batch(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=3)
    asks = [(await service.hold(link, shop))[0] for _ in range(3)]
    at = service.now()
    events: list[Event] = []
    for ask in asks:
        events.append(fact(ChargeCreated, ask, version=1, at=at))
        events.append(fact(ChargePending, ask, version=2, at=at, pending_until=at + timedelta(hours=1)))
    events.append(succeeded(asks[0], version=3, at=at))
    events.append(fact(ChargeFailed, asks[1], version=3, at=at, reason="declined"))
    await take_in(service, *events)
    assert await uses(shop, link) == (1, 1)
    service.ahead = timedelta(minutes=20)
    assert await lapse_holds(service.pg, now=service.now()) == 0
    page = (await shop.client.get(f"{ROOT}/{link['id']}/charges", params={"limit": 2})).json()
    assert page["has_more"]
    rest = (await shop.client.get(f"{ROOT}/{link['id']}/charges", params={"cursor": page["next_cursor"]})).json()
    assert sorted(one["status"] for one in page["data"] + rest["data"]) == ["failed", "pending", "succeeded"]


async def test_a_session_that_is_over_gives_its_use_back(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    ask, _ = await service.hold(link, shop)
    over = SessionExpired(org_id=ask.org_id, link_id=ask.link_id, session_id=ask.session_id, total=TOTAL)
    await take_in(service, over, over)
    assert await uses(shop, link) == (0, 0)


async def test_facts_of_a_link_that_is_not_ours_change_nothing(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    ask, _ = await service.hold(link, shop)
    stranger = HoldUse(
        org_id=new_id(),
        link_id=ask.link_id,
        session_id=ask.session_id,
        charge_id=ask.charge_id,
        held_until=ask.held_until,
    )
    await take_in(service, succeeded(stranger, version=2, at=service.now()))
    assert await uses(shop, link) == (0, 1)


async def test_without_a_cap_every_buyer_is_counted(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    asks = [ask for ask, _ in await asyncio.gather(*(service.hold(link, shop) for _ in range(50)))]
    await asyncio.gather(*(settle(service, ask) for ask in asks))
    assert await uses(shop, link) == (50, 0)
    assert (await stats(shop, link))["revenue"][0]["amount_minor"] == 50 * 50_000


async def test_the_counters_in_the_facts_count_up_without_gaps(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=20)
    asks = [ask for ask, _ in await asyncio.gather(*(service.hold(link, shop) for _ in range(10)))]
    await asyncio.gather(*(settle(service, ask) for ask in asks[:5]), *(release(service, ask) for ask in asks[5:]))
    told = [data["uses"] for kind, data in await service.facts() if kind.startswith("links.use.")]
    assert sorted(one["version"] for one in told) == list(range(1, 21))
    assert max(told, key=lambda one: one["version"]) == {"used": 5, "held": 0, "version": 20}
