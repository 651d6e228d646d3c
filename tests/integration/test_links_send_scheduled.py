"""A window of schedules is asked to be sent now: every link a buyer could pay, of one organization or of all."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.links.domain.keys import SCOPES, Actor
from services.links.domain.link import Link
from services.links.use_cases import send_scheduled as window
from services.links.use_cases.send_scheduled import send_scheduled
from shared.kernel.faults import Invalid
from tests.support.links import ROOT, LinksService, Tenant

BEGIN = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
RECIPIENT = {"email": "amina@example.com"}


def actor(tenant: Tenant, *, livemode: bool = False) -> Actor:
    return Actor(organization=tenant.organization, livemode=livemode, by="token:tests", scopes=SCOPES)


async def scheduled(tenant: Tenant, hours: float, **fields: Any) -> UUID:
    at = (BEGIN + timedelta(hours=hours)).isoformat()
    return UUID((await tenant.make(recipient=RECIPIENT, scheduled_at=at, **fields))["id"])


async def asked(service: LinksService, who: Actor | None, *, hours: int = 24) -> list[Link]:
    return list(await send_scheduled(service.pg, who, starting=BEGIN, hours=hours, now=service.now()))


async def told(service: LinksService) -> list[UUID]:
    return [UUID(data["link_id"]) for name, data in await service.facts() if name == "links.link.send_requested"]


async def test_the_window_holds_its_first_moment_and_its_last(service: LinksService) -> None:
    tenant = await service.tenant()
    inside = [await scheduled(tenant, hours) for hours in (0, 12, 24)]
    for hours in (-0.001, 24.001):
        await scheduled(tenant, hours)
    await tenant.make()
    found = await asked(service, actor(tenant))
    assert [link.id for link in found] == inside
    assert await told(service) == inside
    fact = next(data for name, data in await service.facts() if name == "links.link.send_requested")
    assert fact["link"]["recipient"]["email"] == "amina@example.com"
    assert datetime.fromisoformat(fact["link"]["scheduled_at"]) == BEGIN


async def test_only_links_that_a_buyer_could_pay_are_sent(service: LinksService) -> None:
    tenant = await service.tenant()
    good, *others = [await scheduled(tenant, 1) for _ in range(5)]
    paused, archived, deleted, moved = (f"{ROOT}/{one}" for one in others)
    await tenant.client.post(f"{paused}/pause")
    await tenant.client.post(f"{archived}/archive")
    assert (await tenant.client.delete(deleted)).status_code < 300
    later = (BEGIN + timedelta(days=9)).isoformat()
    assert (await tenant.client.patch(moved, json={"scheduled_at": later})).status_code == 200
    soon = (service.now() + timedelta(hours=1)).isoformat()
    await scheduled(tenant, 1, expires_at=soon)
    await scheduled(tenant, 1, starts_at=(BEGIN + timedelta(hours=1)).isoformat())
    service.ahead = timedelta(hours=2)
    assert [link.id for link in await asked(service, actor(tenant))] == [good]


async def test_one_organization_and_one_mode_or_all_of_them(service: LinksService) -> None:
    mine = await service.tenant()
    mine_live = await service.tenant(of=mine.organization, livemode=True)
    other = await service.tenant()
    test, live, foreign = [await scheduled(tenant, n) for n, tenant in enumerate((mine, mine_live, other))]
    assert [link.id for link in await asked(service, actor(mine))] == [test]
    assert [link.id for link in await asked(service, actor(mine, livemode=True))] == [live]
    assert [link.id for link in await asked(service, None)] == [test, live, foreign]


async def test_many_links_of_one_moment_come_page_by_page_and_none_twice(
    service: LinksService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "PAGE", 3)
    tenant = await service.tenant()
    made = {await scheduled(tenant, 1) for _ in range(10)}
    found = await asked(service, None)
    assert len(found) == 10
    assert {link.id for link in found} == made == set(await told(service))


async def test_too_many_links_are_refused_before_anything_is_asked_for(
    service: LinksService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "LINKS_MAX", 2)
    tenant = await service.tenant()
    for _ in range(3):
        await scheduled(tenant, 1)
    with pytest.raises(Invalid, match="shorter"):
        await asked(service, actor(tenant))
    assert await told(service) == []


@pytest.mark.parametrize("hours", [0, -1, window.HOURS_MAX + 1])
async def test_a_period_out_of_bounds_is_refused(service: LinksService, hours: int) -> None:
    with pytest.raises(Invalid):
        await asked(service, None, hours=hours)


async def test_a_period_that_ends_after_all_time_is_refused(service: LinksService) -> None:
    last = datetime.max.replace(tzinfo=UTC)
    with pytest.raises(Invalid):
        await send_scheduled(service.pg, None, starting=last, hours=24, now=service.now())
