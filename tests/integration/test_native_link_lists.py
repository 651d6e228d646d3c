from datetime import UTC, datetime, timedelta

import pytest

from shared.kernel.ids import new_id
from tests.support.links import ROOT, LinksService, Tenant


async def test_lists_are_newest_first_and_page_without_gaps(shop: Tenant) -> None:
    made = [(await shop.make(title=f"Link {n}"))["id"] for n in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await shop.client.get(ROOT, params=params)).json()
        seen += [link["id"] for link in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=-1",
        "limit=٣",
        "cursor=x",
        "cursor=%00",
        "cursor=AAAA",
        "state=gone",
        "nonsense=1",
        "limit=1&limit=2",
        "slug=%00",
        "currency=" + "U" * 99,
    ],
)
async def test_a_list_refuses_what_it_does_not_know(shop: Tenant, query: str) -> None:
    answer = await shop.client.get(f"{ROOT}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_a_list_filters_by_slug_currency_and_state(service: LinksService, shop: Tenant) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    by_state = {
        "active": await shop.make(slug="a"),
        "scheduled": await shop.make(starts_at="2050-01-01T00:00:00Z"),
        "expired": await shop.make(expires_at=soon),
        "paused": await shop.make(),
        "archived": await shop.make(),
        "exhausted": await shop.make(uses_max=1, pricing={"type": "open", "currency": "USD"}),
    }
    await shop.client.post(f"{ROOT}/{by_state['paused']['id']}/pause")
    await shop.client.delete(f"{ROOT}/{by_state['archived']['id']}")
    await service.pg.execute("UPDATE link_uses SET used = 1, exhausted_at = now() WHERE uses_max = 1")
    service.ahead = timedelta(minutes=5)
    for state, link in by_state.items():
        found = (await shop.client.get(ROOT, params={"state": state})).json()["data"]
        assert [(one["id"], one["state"]) for one in found] == [(link["id"], state)], state
    assert [one["slug"] for one in (await shop.client.get(ROOT, params={"slug": "a"})).json()["data"]] == ["a"]
    assert len((await shop.client.get(ROOT, params={"currency": "USD"})).json()["data"]) == 1


async def test_of_expiry_and_exhaustion_the_earlier_one_is_told(service: LinksService, shop: Tenant) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    link = await shop.make(uses_max=1, expires_at=soon)
    await service.pg.execute("UPDATE link_uses SET used = 1, exhausted_at = now()")
    service.ahead = timedelta(minutes=5)
    assert (await shop.read(link["id"]))["state"] == "exhausted"
    assert [one["id"] for one in (await shop.client.get(ROOT, params={"state": "exhausted"})).json()["data"]]


async def test_an_id_that_nobody_has_is_a_404(shop: Tenant) -> None:
    for path in (str(new_id()), "nonsense"):
        answer = await shop.client.get(f"{ROOT}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
