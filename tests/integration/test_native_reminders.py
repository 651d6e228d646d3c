"""When recipients are reminded: what a link and its organization say of it, and what is told of that on the bus."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.support.links import ROOT, LinksService, links_service
from tests.support.servers import Databases

OWN = {"before_expiry_hours": [72, 24], "unpaid_days": [3], "renewal_days": [7, 1], "dunning_days": []}
NONE: dict[str, list[int]] = {
    "before_expiry_hours": [],
    "unpaid_days": [],
    "renewal_days": [3],
    "dunning_days": [1, 3, 7],
}


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncGenerator[LinksService]:
    """Shared by the tests of this file: each has organizations of its own."""
    dsn = await databases.clone("links")
    async with links_service(dsn) as running:
        yield running
    await databases.drop(dsn)


async def told(service: LinksService) -> dict[str, Any]:
    return (await service.facts())[-1][1]


async def test_a_link_keeps_its_reminders_and_null_gives_it_those_of_its_organization(service: LinksService) -> None:
    shop = await service.tenant()
    link = await shop.make(recipient={"email": "amina@example.com"}, reminders=OWN)
    assert link["reminders"] == OWN == (await shop.read(link["id"]))["reminders"]
    assert (await told(service))["link"]["reminders"] == OWN
    renamed = (await shop.client.patch(f"{ROOT}/{link['id']}", json={"title": "New"})).json()
    assert renamed["reminders"] == OWN
    none = (await shop.client.patch(f"{ROOT}/{link['id']}", json={"reminders": {}})).json()
    assert none["reminders"] == NONE
    default = (await shop.client.patch(f"{ROOT}/{link['id']}", json={"reminders": None})).json()
    assert default["reminders"] is None
    past = (await shop.client.get(f"{ROOT}/{link['id']}/timeline")).json()
    assert "reminders" in str(past)


async def test_an_organization_has_reminders_for_links_without_any_of_their_own(service: LinksService) -> None:
    shop = await service.tenant()
    url = f"/v1/organizations/{shop.organization.id}"
    assert (await shop.client.get(url)).json()["reminders"] == NONE
    changed = await shop.client.patch(url, json={"reminders": {"unpaid_days": [7]}})
    assert changed.json()["reminders"] == NONE | {"unpaid_days": [7]}
    fact = await told(service)
    assert (fact["reminders"], fact["revision"]) == (NONE | {"unpaid_days": [7]}, 2)
    link = await shop.make()
    assert link["reminders"] is None
    fact = await told(service)
    assert fact["link"]["reminders"] is None
    assert fact["link"]["default_reminders"] == NONE | {"unpaid_days": [7]}
    assert (await shop.client.patch(url, json={"reminders": None})).json()["reminders"] == NONE


async def test_reminders_of_plans_are_on_until_they_are_switched_off(service: LinksService) -> None:
    shop = await service.tenant()
    on = await shop.make(reminders={"unpaid_days": [3]})
    assert on["reminders"] == NONE | {"unpaid_days": [3]}
    off = await shop.make(reminders={"renewal_days": [], "dunning_days": []})
    assert off["reminders"] == {name: [] for name in NONE}
    assert (await told(service))["link"]["reminders"] == {name: [] for name in NONE}


@pytest.mark.parametrize(
    "reminders",
    [
        {"before_expiry_hours": [0]},
        {"before_expiry_hours": [8_785]},
        {"before_expiry_hours": [24, 24]},
        {"before_expiry_hours": list(range(1, 12))},
        {"unpaid_days": [-1]},
        {"unpaid_days": [367]},
        {"unpaid_days": [2**70]},
        {"unpaid_days": [1.5]},
        {"unpaid_days": None},
        {"renewal_days": [0]},
        {"renewal_days": [3, 3]},
        {"renewal_days": None},
        {"dunning_days": [367]},
        {"dunning_days": list(range(1, 12))},
        {"hourly": True},
        [24],
    ],
)
async def test_reminders_that_nobody_should_get_are_refused_on_links_and_organizations(
    service: LinksService, reminders: Any
) -> None:
    shop = await service.tenant()
    link = {"title": "T", "pricing": {"type": "fixed", "amount_minor": 1, "currency": "UGX"}, "reminders": reminders}
    made = await shop.client.post(ROOT, json=link)
    changed = await shop.client.patch(f"/v1/organizations/{shop.organization.id}", json={"reminders": reminders})
    assert (made.status_code, changed.status_code) == (400, 400)
    assert made.json()["field"].startswith("reminders")
