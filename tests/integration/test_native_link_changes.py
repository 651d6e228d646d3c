import asyncio

import pytest

from tests.support.links import ROOT, LinksService, Tenant


async def test_a_patch_changes_what_it_names_and_null_clears(shop: Tenant) -> None:
    link = await shop.make(
        description="old", uses_max=3, expires_at="2050-01-01T00:00:00Z", metadata={"a": "1"}, methods=["card"]
    )
    answer = await shop.client.patch(f"{ROOT}/{link['id']}", json={"title": "New", "expires_at": None, "methods": None})
    changed = answer.json()
    assert answer.headers["etag"] == '"2"'
    assert changed == link | {
        "title": "New",
        "expires_at": None,
        "methods": ["mobile_money", "card"],
        "revision": 2,
        "updated_at": changed["updated_at"],
    }
    cleared = await shop.client.patch(
        f"{ROOT}/{link['id']}", json={"description": None, "uses_max": None, "metadata": None}
    )
    assert cleared.json()["description"] is None
    assert cleared.json()["uses"] == {"max": None, "used": 0, "held": 0, "remaining": None}
    assert cleared.json()["metadata"] == {}


async def test_null_makes_of_each_choice_what_it_is_where_nothing_is_said(shop: Tenant) -> None:
    plain = await shop.make()
    chosen = {
        "coupons_allowed": True,
        "gate": "otp",
        "recipient": {"email": "amina@example.com"},
        "late_payment_policy": "refund",
        "branding": {"color": "#aa0000"},
        "collect": {"phone": "required"},
    }
    link = await shop.make(**chosen)
    assert all(link[field] != plain[field] for field in chosen)
    answer = await shop.client.patch(f"{ROOT}/{link['id']}", json=dict.fromkeys(chosen))
    assert answer.status_code == 200, answer.text
    assert {field: answer.json()[field] for field in chosen} == {field: plain[field] for field in chosen}
    made = await shop.make(**dict.fromkeys(chosen))
    assert {field: made[field] for field in chosen} == {field: plain[field] for field in chosen}


@pytest.mark.parametrize("field", ["title", "pricing", "slug"])
async def test_what_a_link_needs_cannot_be_cleared(shop: Tenant, field: str) -> None:
    link = await shop.make()
    answer = await shop.client.patch(f"{ROOT}/{link['id']}", json={field: None})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_patch_that_changes_nothing_announces_nothing(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(description="same")
    answer = await shop.client.patch(f"{ROOT}/{link['id']}", json={"description": "same"})
    assert answer.json() == link
    assert "links.link.updated" not in [kind for kind, _ in await service.facts()]


async def test_a_patch_may_not_expire_a_link_before_it_begins(shop: Tenant) -> None:
    link = await shop.make(starts_at="2050-01-01T00:00:00Z")
    answer = await shop.client.patch(f"{ROOT}/{link['id']}", json={"expires_at": "2049-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["field"]) == (400, "expires_at")


async def test_a_patch_to_a_slug_that_is_taken_changes_nothing(shop: Tenant) -> None:
    await shop.make(slug="taken")
    link = await shop.make(slug="mine")
    answer = await shop.client.patch(f"{ROOT}/{link['id']}", json={"slug": "taken", "title": "New"})
    assert (answer.status_code, answer.json()["code"]) == (409, "slug_taken")
    assert await shop.read(link["id"]) == link


async def test_if_match_guards_against_a_change_that_was_not_seen(shop: Tenant) -> None:
    link = await shop.make()
    url = f"{ROOT}/{link['id']}"
    assert (await shop.client.patch(url, json={"title": "A"}, headers={"If-Match": '"1"'})).status_code == 200
    refused = await shop.client.patch(url, json={"title": "B"}, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"], refused.json()["revision"]) == (412, "revision_mismatch", 2)
    assert (await shop.client.delete(url, headers={"If-Match": '"1"'})).status_code == 412
    assert (await shop.client.post(f"{url}/pause", headers={"If-Match": 'W/"1"'})).status_code == 412
    assert (await shop.client.patch(url, json={"title": "C"}, headers={"If-Match": '"1", "2"'})).status_code == 200
    assert (await shop.client.patch(url, json={"title": "D"}, headers={"If-Match": "*"})).status_code == 200
    assert (await shop.client.patch(url, json={"title": "E"}, headers={"If-Match": "latest"})).status_code == 400


async def test_of_ten_patches_with_one_etag_exactly_one_wins(shop: Tenant) -> None:
    link = await shop.make()
    answers = await asyncio.gather(
        *(
            shop.client.patch(f"{ROOT}/{link['id']}", json={"title": f"T{n}"}, headers={"If-Match": '"1"'})
            for n in range(10)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9


async def test_a_link_is_paused_and_resumed_and_ends_for_good(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    url = f"{ROOT}/{link['id']}"
    for verb, state, revision in (
        ("pause", "paused", 2),
        ("pause", "paused", 2),
        ("resume", "active", 3),
        ("resume", "active", 3),
        ("archive", "archived", 4),
        ("archive", "archived", 4),
    ):
        answer = await shop.client.post(f"{url}/{verb}")
        assert (answer.status_code, answer.json()["state"], answer.json()["revision"]) == (200, state, revision)
    assert (await shop.client.delete(url)).json()["state"] == "archived"
    for answer in (
        await shop.client.post(f"{url}/resume"),
        await shop.client.post(f"{url}/pause"),
        await shop.client.patch(url, json={"title": "New"}),
    ):
        assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "link_ended", "archived")
    kinds = [kind for kind, _ in await service.facts()]
    assert kinds[-4:] == ["links.link.created", "links.link.paused", "links.link.resumed", "links.link.ended"]


async def test_a_cap_below_what_is_used_exhausts_and_a_higher_one_opens_again(
    service: LinksService, shop: Tenant
) -> None:
    link = await shop.make(uses_max=1)
    await service.pg.execute("UPDATE link_uses SET used = 1, exhausted_at = now()")
    assert (await shop.read(link["id"]))["state"] == "exhausted"
    raised = await shop.client.patch(f"{ROOT}/{link['id']}", json={"uses_max": 2})
    assert (raised.json()["state"], raised.json()["uses"]["remaining"]) == ("active", 1)
    lowered = await shop.client.patch(f"{ROOT}/{link['id']}", json={"uses_max": 1})
    assert lowered.json()["state"] == "exhausted"
