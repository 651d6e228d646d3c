"""A use is held for one session, and never over the cap."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.links import (
    AllUsesHeld,
    LinkMissing,
    UseIsHeld,
    UseIsRefused,
)
from shared.kernel.ids import new_id
from tests.support.links import ROOT, LinksService, Tenant, links_service
from tests.support.uses import release, settle, uses


async def test_of_sixty_buyers_of_three_uses_exactly_three_hold_one(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=3)
    replies = [reply for _, reply in await asyncio.gather(*(service.hold(link, shop) for _ in range(60)))]
    assert sum(isinstance(reply, UseIsHeld) for reply in replies) == 3
    others = [reply for reply in replies if isinstance(reply, AllUsesHeld)]
    assert len(others) == 57
    assert all(reply.retry_at > service.now() + timedelta(minutes=14) for reply in others)
    assert await uses(shop, link) == (0, 3)


async def test_holds_of_two_replicas_do_not_pass_the_cap_either(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=3)
    async with links_service_again(service) as second:
        pairs = [(service if n % 2 else second).hold(link, shop) for n in range(60)]
        replies = [reply for _, reply in await asyncio.gather(*pairs)]
    assert sum(isinstance(reply, UseIsHeld) for reply in replies) == 3
    assert await uses(shop, link) == (0, 3)


def links_service_again(service: LinksService) -> Any:
    return links_service(service.runtime.settings.postgres_dsn)


async def test_a_hold_is_one_per_session_however_often_it_is_asked_for(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=2)
    session, charge = new_id(), new_id()
    await asyncio.gather(*(service.hold(link, shop, session_id=session, charge_id=charge) for _ in range(10)))
    assert await uses(shop, link) == (0, 1)
    later = service.now() + timedelta(hours=1)
    _, extended = await service.hold(link, shop, session_id=session, charge_id=charge, held_until=later)
    assert isinstance(extended, UseIsHeld)
    assert extended.held_until == later
    _, shorter = await service.hold(link, shop, session_id=session, charge_id=charge)
    assert isinstance(shorter, UseIsHeld)
    assert shorter.held_until > service.now()
    assert [kind for kind, _ in await service.facts()].count("links.use.held") == 1


async def test_a_session_that_tries_again_keeps_its_use_for_the_new_charge(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    first, _ = await service.hold(link, shop)
    second, reply = await service.hold(link, shop, session_id=first.session_id)
    assert isinstance(reply, UseIsHeld)
    assert (await release(service, first)).state == "held"
    assert await uses(shop, link) == (0, 1)
    assert (await release(service, second)).state == "released"
    assert await uses(shop, link) == (0, 0)
    _, again = await service.hold(link, shop, session_id=first.session_id)
    assert isinstance(again, UseIsHeld)


async def test_a_session_that_is_paid_holds_nothing_for_another_charge(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=5)
    paid, _ = await service.hold(link, shop)
    await settle(service, paid)
    _, same = await service.hold(link, shop, session_id=paid.session_id, charge_id=paid.charge_id)
    assert isinstance(same, UseIsHeld)
    _, other = await service.hold(link, shop, session_id=paid.session_id)
    assert isinstance(other, UseIsRefused)
    assert await uses(shop, link) == (1, 0)


@pytest.mark.parametrize(("verb", "reason"), [("pause", "paused"), ("archive", "archived")])
async def test_a_link_that_refuses_holds_nothing_and_says_since_when(
    service: LinksService, shop: Tenant, verb: str, reason: str
) -> None:
    link = await shop.make()
    await shop.client.post(f"{ROOT}/{link['id']}/{verb}")
    _, reply = await service.hold(link, shop)
    assert isinstance(reply, UseIsRefused)
    assert reply.reason == reason
    assert reply.since is not None
    assert await uses(shop, link) == (0, 0)


async def test_times_and_the_cap_refuse_too(service: LinksService, shop: Tenant) -> None:
    early = await shop.make(starts_at="2050-01-01T00:00:00Z")
    late = await shop.make(expires_at=(service.now() + timedelta(minutes=1)).isoformat())
    full = await shop.make(uses_max=1)
    paid, _ = await service.hold(full, shop)
    await settle(service, paid)
    service.ahead = timedelta(minutes=5)
    reasons = [(await service.hold(link, shop))[1] for link in (early, late, full)]
    assert [reply.reason for reply in reasons if isinstance(reply, UseIsRefused)] == [
        "not_started",
        "expired",
        "exhausted",
    ]


async def test_a_pending_charge_keeps_its_use_after_the_link_was_paused(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    ask, _ = await service.hold(link, shop)
    await shop.client.post(f"{ROOT}/{link['id']}/pause")
    _, same = await service.hold(link, shop, session_id=ask.session_id, charge_id=ask.charge_id)
    _, other = await service.hold(link, shop, session_id=ask.session_id)
    assert isinstance(same, UseIsHeld)
    assert isinstance(other, UseIsRefused)


async def test_what_is_not_there_or_somebody_elses_is_missing(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    stranger = await service.tenant()
    assert isinstance((await service.hold({"id": str(new_id())}, shop))[1], LinkMissing)
    assert isinstance((await service.hold(link, stranger))[1], LinkMissing)
    ask, _ = await service.hold(link, shop)
    other = await shop.make()
    assert isinstance((await service.hold(other, shop, session_id=ask.session_id))[1], LinkMissing)
    assert await uses(shop, link) == (0, 1)
    assert (await settle(service, ask, org_id=stranger.organization.id)).state == "unknown"
    assert (await settle(service, ask, link_id=UUID(other["id"]))).state == "unknown"
