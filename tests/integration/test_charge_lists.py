"""A merchant's list of charges, by link, state, method and time, and by pages of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.kernel.ids import new_id
from tests.support.checkout import Rig, a_link
from tests.support.checkout import rig as rig  # noqa: PLC0414 - a fixture
from tests.support.refunds import Shop


async def ids(shop: Shop, **query: Any) -> list[str]:
    answer = await shop.rig.http.get("/v1/charges", params=query, headers=shop.key)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


async def test_charges_are_found_by_link_state_method_and_time(rig: Rig) -> None:
    shop = Shop(rig)
    other = rig.links.add(a_link(f"shop-{new_id().hex[-12:]}", org_id=shop.link.org_id))
    before = datetime.now(UTC)
    first = await shop.paid()
    session = await rig.open(shop.link.slug)
    assert (await rig.pay(session, method="card", card_token="tok_declined")).is_success
    declined = await shop.charge_of(session)
    middle = datetime.now(UTC)
    session = await rig.open(other.slug)
    await rig.pay(session)
    elsewhere = await shop.charge_of(session)
    assert await ids(shop) == [elsewhere, declined, first]
    assert await ids(shop, link_id=str(shop.link.id)) == [declined, first]
    assert await ids(shop, link_id=str(other.id)) == [elsewhere]
    assert await ids(shop, status="succeeded", method="card") == [first]
    assert await ids(shop, link_id=str(shop.link.id), status="failed") == [declined]
    assert await ids(shop, method="mobile_money") == [elsewhere]
    assert await ids(shop, to=middle.isoformat()) == [declined, first]
    assert await ids(shop, **{"from": middle.isoformat()}) == [elsewhere]
    assert await ids(shop, to=before.isoformat()) == []
    assert await ids(shop, to="0140-04-27T22:35:30Z") == []
    assert await ids(shop, **{"from": "1900-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}) == [
        elsewhere,
        declined,
        first,
    ]
    assert await ids(shop, link_id=str(shop.link.id), review="true") == []
    far = (before + timedelta(days=400)).isoformat()
    assert await ids(shop, **{"from": far, "link_id": str(shop.link.id)}) == []


async def test_pages_go_on_within_the_filters_and_links_of_others_are_empty(rig: Rig) -> None:
    shop, stranger = Shop(rig), Shop(rig)
    charges = [await shop.paid() for _ in range(3)]
    path = f"/v1/charges?limit=2&link_id={shop.link.id}&status=succeeded"
    page = await shop.get(path)
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([charges[2], charges[1]], True)
    rest = await shop.get(f"{path}&cursor={page['next_cursor']}")
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == ([charges[0]], False)
    assert await ids(stranger, link_id=str(shop.link.id)) == []
