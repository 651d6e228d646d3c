from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.links.domain.feed import Fact
from services.links.store import feed
from shared.kernel.ids import new_id
from tests.support.links import FIXED, ROOT, LinksService, Tenant


async def told(shop: Tenant, link: dict[str, Any], **params: str) -> dict[str, Any]:
    answer = await shop.client.get(f"{ROOT}/{link['id']}/timeline", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def storied(service: LinksService, shop: Tenant) -> tuple[dict[str, Any], list[datetime]]:
    """A link that was changed, paused, resumed and ended, an hour apart; the moments right after each."""
    link = await shop.make(title="Tea", metadata={"exact": 0.1}, uses_max=2)
    url, moments = f"{ROOT}/{link['id']}", [service.now()]
    steps = (
        ("patch", url, {"title": "Coffee", "uses_max": 5, "slug": "coffee"}),
        (
            "patch",
            url,
            {"pricing": FIXED | {"amount_minor": 70_000}, "gate": "otp", "recipient": {"email": "a@b.test"}},
        ),
        ("post", f"{url}/pause", None),
        ("post", f"{url}/resume", None),
        ("post", f"{url}/archive", None),
    )
    for method, where, body in steps:
        service.ahead += timedelta(hours=1)
        answer = await shop.client.request(method, where, json=body)
        assert answer.status_code == 200, answer.text
        moments.append(service.now())
    return link, moments


async def test_a_timeline_says_who_changed_what_when(service: LinksService, shop: Tenant) -> None:
    link, _ = await storied(service, shop)
    found = await told(shop, link)
    by = f"key:{shop.key_id}"
    assert [(one["revision"], one["change"], one["by"]) for one in found["data"]] == [
        (6, "archived", by),
        (5, "resumed", by),
        (4, "paused", by),
        (3, "updated", by),
        (2, "updated", by),
        (1, "created", by),
    ]
    first, second = found["data"][4], found["data"][3]
    assert first["fields"] == [
        {"field": "slug", "old": link["slug"], "new": "coffee"},
        {"field": "title", "old": "Tea", "new": "Coffee"},
        {"field": "uses_max", "old": 2, "new": 5},
    ]
    assert {one["field"]: one["new"] for one in second["fields"]} == {
        "pricing": FIXED | {"amount_minor": 70_000},
        "recipient": {"email": "a@b.test", "name": None},
        "gate": "otp",
    }
    assert [one["field"] for one in found["data"][2]["fields"]] == ["paused_at"]
    assert found["data"][5]["fields"] == []
    assert found["link"] == await shop.read(link["id"])


async def test_as_of_gives_the_link_as_it_was_then(service: LinksService, shop: Tenant) -> None:
    link, moments = await storied(service, shop)
    present = await shop.read(link["id"])
    for number, moment in enumerate(moments):
        found = await told(shop, link, as_of=moment.isoformat())
        assert found["link"]["revision"] == number + 1
        assert [one["revision"] for one in found["data"]] == list(range(number + 1, 0, -1))
    at_first = (await told(shop, link, as_of=moments[0].isoformat()))["link"]
    assert at_first == link
    states = [(await told(shop, link, as_of=moment.isoformat()))["link"]["state"] for moment in moments]
    assert states == ["active", "active", "active", "paused", "active", "archived"]
    assert (await told(shop, link, as_of=service.now().isoformat()))["link"] == present


async def test_as_of_counts_the_uses_of_then(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    made = service.now()
    for hours, (used, held) in ((1, (0, 1)), (2, (1, 0))):
        data = {"uses": {"used": used, "held": held, "version": hours}}
        fact = Fact(
            link_id=UUID(link["id"]),
            id=new_id(),
            type="links.use.held" if held else "links.use.settled",
            at=made + timedelta(hours=hours),
            data=msgspec.json.encode(data).decode(),
        )
        async with service.pg.transaction() as tx:
            await feed.add(tx, [fact])
    service.ahead = timedelta(hours=5)
    seen = [
        (await told(shop, link, as_of=(made + timedelta(hours=hours)).isoformat()))["link"] for hours in (0.5, 1.5, 2.5)
    ]
    assert [(one["uses"]["used"], one["uses"]["held"], one["state"]) for one in seen] == [
        (0, 0, "active"),
        (0, 1, "active"),
        (1, 0, "exhausted"),
    ]


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_a_timeline_pages_without_gaps_in_both_directions(
    service: LinksService, shop: Tenant, order: str
) -> None:
    link, moments = await storied(service, shop)
    seen: list[int] = []
    params = {"order": order, "limit": "2", "as_of": moments[4].isoformat()}
    while True:
        page = await told(shop, link, **params)
        seen += [one["revision"] for one in page["data"]]
        if not page["has_more"]:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == ([5, 4, 3, 2, 1] if order == "newest" else [1, 2, 3, 4, 5])


async def test_making_a_link_keeps_no_history_and_what_changes_nothing_neither(
    service: LinksService, shop: Tenant
) -> None:
    link = await shop.make()
    await shop.client.patch(f"{ROOT}/{link['id']}", json={"title": link["title"]})
    await shop.client.post(f"{ROOT}/{link['id']}/resume")
    assert await service.pg.fetchval("SELECT count(*) FROM link_revision") == 0
    await shop.make(slug="tea")
    refused = await shop.client.patch(f"{ROOT}/{link['id']}", json={"slug": "tea"})
    assert refused.status_code == 409
    assert await service.pg.fetchval("SELECT count(*) FROM link_revision") == 0


@pytest.mark.parametrize(
    "query",
    ["as_of=yesterday", "as_of=2026-11-21T00:00:00", "as_of=2000-01-01T00:00:00Z", "as_of=2100-01-01T00:00:00Z",
     "as_of=0001-01-01T00:00:00%2B14:00", "order=sideways", "cursor=x", "cursor=LTE", "limit=0", "x=1"],
)  # fmt: skip
async def test_a_timeline_refuses_what_it_does_not_know(shop: Tenant, query: str) -> None:
    link = await shop.make()
    answer = await shop.client.get(f"{ROOT}/{link['id']}/timeline?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_a_time_whose_plus_was_not_escaped_is_understood(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    service.ahead = timedelta(seconds=5)
    later = (service.now() - timedelta(seconds=1)).isoformat()
    assert (await shop.client.get(f"{ROOT}/{link['id']}/timeline?as_of={later}")).status_code == 200


async def test_a_foreign_timeline_is_a_404(service: LinksService, shop: Tenant) -> None:
    link, stranger = await shop.make(), await service.tenant()
    assert (await stranger.client.get(f"{ROOT}/{link['id']}/timeline")).status_code == 404
