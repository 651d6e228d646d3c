"""What links makes of money that goes back, and of late money that somebody keeps."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from services.links.use_cases.lapse_holds import lapse_holds
from shared.contracts.checkout import ChargeAccepted, ChargeRefunded, RefundFailed
from shared.contracts.links import HoldUse
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.links import ROOT, LinksService, Tenant, links_service
from tests.support.uses import TOTAL, settle, stats, succeeded, take_in, uses


@pytest.fixture(scope="module")
async def service(databases: Any) -> AsyncGenerator[LinksService]:
    dsn = await databases.clone("links")
    async with links_service(dsn) as running:
        yield running
    await databases.drop(dsn)


@pytest.fixture
async def shop(service: LinksService) -> Tenant:
    service.ahead = timedelta()
    return await service.tenant()


def of(service: LinksService, ask: HoldUse) -> dict[str, Any]:
    return {
        "org_id": ask.org_id,
        "link_id": ask.link_id,
        "charge_id": ask.charge_id,
        "session_id": ask.session_id,
        "total": TOTAL,
        "livemode": False,
        "at": service.now(),
    }


def refunded(service: LinksService, ask: HoldUse, amount: int) -> ChargeRefunded:
    money = Money(amount, "UGX")
    return ChargeRefunded(**of(service, ask), refund_id=new_id(), amount=money, refunded=money)


def accepted(service: LinksService, ask: HoldUse) -> ChargeAccepted:
    return ChargeAccepted(**of(service, ask), by="key:k")


async def test_what_was_given_back_is_told_beside_the_revenue_once(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=2)
    ask, _ = await service.hold(link, shop)
    part = refunded(service, ask, 20_000)
    await take_in(service, part, succeeded(ask, version=2, at=service.now()), part)
    await take_in(service, part, refunded(service, ask, 10_000))
    numbers = await stats(shop, link)
    assert [one["amount_minor"] for one in numbers["revenue"]] == [50_000]
    assert numbers["refunded"] == [
        {"amount_minor": 30_000, "currency": "UGX", "of_revenue_minor": 30_000, "refunds": 2}
    ]


def failed(service: LinksService, ask: HoldUse, refund: ChargeRefunded) -> RefundFailed:
    common = of(service, ask)
    del common["total"]
    return RefundFailed(
        **common,
        refund_id=refund.refund_id,
        amount=refund.amount,
        provider="stripe",
        failure="lost_or_stolen_card",
        refunded=Money(0, "UGX"),
    )


@pytest.mark.parametrize("order", ["in order", "the other way round"])
async def test_a_refund_that_came_back_is_told_no_more(service: LinksService, shop: Tenant, order: str) -> None:
    link = await shop.make()
    ask, _ = await service.hold(link, shop)
    kept, gone = refunded(service, ask, 10_000), refunded(service, ask, 20_000)
    back = failed(service, ask, gone)
    await take_in(service, succeeded(ask, version=2, at=service.now()), kept)
    for fact in (gone, back, gone) if order == "in order" else (back, gone, back):
        await take_in(service, fact)
    numbers = await stats(shop, link)
    assert [one["amount_minor"] for one in numbers["revenue"]] == [50_000]
    assert numbers["refunded"] == [
        {"amount_minor": 10_000, "currency": "UGX", "of_revenue_minor": 10_000, "refunds": 1}
    ]
    await take_in(service, failed(service, ask, refunded(service, ask, 5_000)))
    assert (await stats(shop, link))["refunded"] == numbers["refunded"]


async def test_a_full_refund_gives_no_use_back(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    ask, _ = await service.hold(link, shop)
    await take_in(service, succeeded(ask, version=2, at=service.now()), refunded(service, ask, 50_000))
    assert await uses(shop, link) == (1, 0)


async def test_late_money_that_is_given_back_never_was_revenue(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(late_payment_policy="refund")
    ask, _ = await service.hold(link, shop)
    await shop.client.delete(f"{ROOT}/{link['id']}")
    await take_in(service, succeeded(ask, version=2, at=service.now()), refunded(service, ask, 50_000))
    numbers = await stats(shop, link)
    assert (numbers["revenue"], numbers["refunded"][0]["of_revenue_minor"]) == ([], 0)


async def test_late_money_that_a_person_keeps_counts_once(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1, late_payment_policy="review")
    late, _ = await service.hold(link, shop)
    await shop.client.delete(f"{ROOT}/{link['id']}")
    success = succeeded(late, version=2, at=service.now())
    await take_in(service, success)
    assert (await uses(shop, link), (await stats(shop, link))["paid_count"]) == ((0, 0), 0)
    await take_in(service, accepted(service, late))
    await take_in(service, accepted(service, late), success)
    numbers = await stats(shop, link)
    assert (numbers["paid_count"], numbers["uses"]["used"], numbers["unsettled"]) == (1, 1, [])


async def test_money_over_the_cap_is_kept_and_still_not_counted(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    late, _ = await service.hold(link, shop)
    service.ahead = timedelta(minutes=20)
    await lapse_holds(service.pg, now=service.now())
    winner, _ = await service.hold(link, shop)
    await settle(service, winner)
    await settle(service, late)
    await take_in(service, accepted(service, late))
    numbers = await stats(shop, link)
    assert (numbers["paid_count"], numbers["unsettled"][0]["charges"]) == (1, 1)
