import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.conftest import Database
from tests.support.links import FIXED, PUBLIC_URL, ROOT, LinksService, Tenant, links_service


@pytest.fixture
async def service(database: Database) -> AsyncGenerator[LinksService]:
    async with links_service(await database("links")) as running:
        yield running


@pytest.fixture
async def shop(service: LinksService) -> Tenant:
    return await service.tenant()


async def test_the_example_of_the_readme_makes_a_link(shop: Tenant) -> None:
    answer = await shop.client.post(
        ROOT,
        json={
            "title": "Invoice #123",
            "pricing": FIXED,
            "slug": "invoice-123",
            "methods": ["card", "mobile_money"],
            "uses_max": 2,
            "expires_at": "2057-12-31T23:59:59Z",
        },
    )
    link = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert link["url"] == f"{PUBLIC_URL}/checkout/invoice-123"
    assert link["state"] == "active"
    assert link["uses"] == {"max": 2, "used": 0, "held": 0, "remaining": 2}
    assert link["pricing"] == FIXED
    assert link["expires_at"] == "2057-12-31T23:59:59Z"
    assert link["revision"] == 1
    assert await shop.read(link["id"]) == link


async def test_making_a_link_announces_it_whole_and_without_what_is_private(
    service: LinksService, shop: Tenant
) -> None:
    link = await shop.make(private_note="Owes us since May", metadata={"order": "7"})
    kind, data = (await service.facts())[-1]
    assert kind == "links.link.created"
    assert data["link"]["slug"] == link["slug"]
    assert data["link"]["merchant"]["name"] == "Kampala Coffee"
    assert "Owes us" not in str(data)
    assert "metadata" not in data["link"]


async def test_every_field_comes_back_as_it_was_given(shop: Tenant) -> None:
    given = {
        "title": "Café & crème",
        "description": "Two\nlines",
        "private_note": "for us",
        "uses_max": 10**9,
        "starts_at": "2050-01-01T00:00:00Z",
        "expires_at": "2051-01-01T00:00:00Z",
        "methods": ["ussd", "bank_transfer"],
        "providers": ["sandbox"],
        "collect": {"email": "required", "name": "no", "phone": "optional", "address": "required"},
        "success_url": "https://shop.example.com/thanks?a=1",
        "cancel_url": "http://127.0.0.1:3000/back",
        "branding": {"color": "#0a7d4f", "logo_url": "https://cdn.example.com/logo.png"},
        "metadata": {"order": "7", "clé": "valeur"},
        "late_payment_policy": "review",
    }
    link = await shop.make(**given)
    assert {name: link[name] for name in given if name != "uses_max"} == {
        k: v for k, v in given.items() if k != "uses_max"
    }
    assert link["uses"]["max"] == 10**9
    assert link["state"] == "scheduled"


@pytest.mark.parametrize(
    "pricing",
    [
        {"type": "flexible", "currency": "UGX", "min_minor": 1000, "max_minor": None},
        {"type": "open", "currency": "RWF"},
        {"type": "open", "currency": None},
    ],
)
async def test_pricing_that_the_buyer_chooses_comes_back(shop: Tenant, pricing: dict[str, Any]) -> None:
    assert (await shop.make(pricing=pricing))["pricing"] == pricing


async def test_a_product_link_keeps_the_price_that_it_was_made_with(shop: Tenant) -> None:
    product = await shop.product()
    link = await shop.make(pricing={"type": "product", "product_id": product["id"]})
    await shop.client.patch(
        f"/v1/products/{product['id']}", json={"price": {"amount_minor": 60_000, "currency": "UGX"}}
    )
    expected = {
        "type": "product",
        "product_id": product["id"],
        "name": "Coffee",
        "amount_minor": 50_000,
        "currency": "UGX",
    }
    assert (await shop.read(link["id"]))["pricing"] == expected


async def test_an_archived_product_makes_no_new_links(shop: Tenant) -> None:
    product = await shop.product()
    await shop.client.delete(f"/v1/products/{product['id']}")
    pricing = {"type": "product", "product_id": product["id"]}
    answer = await shop.client.post(ROOT, json={"title": "x", "pricing": pricing})
    assert (answer.status_code, answer.json()["code"]) == (409, "product_archived")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"title": 7}, "title"),
        ({"title": "Pay with 4242 4242 4242 4242"}, "title"),
        ({"description": "4242-4242-4242-4242"}, "description"),
        ({"private_note": "x" * 5001}, "private_note"),
        ({"metadata": {"k": "5555555555554444"}}, "metadata.k"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "metadata"),
        ({"metadata": {"k": 1}}, "metadata"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 501}}, "metadata"),
        ({"pricing": {"type": "fixed", "amount_minor": 0, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": -5, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": 2**70, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": 1.5, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": "5", "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": True, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "currency": "UGX"}}, "pricing"),
        ({"pricing": {"type": "fixed", "amount_minor": 5, "currency": "ugx"}}, "pricing.currency"),
        ({"pricing": {"type": "fixed", "amount_minor": 5, "currency": "UGX", "tip": 1}}, "pricing"),
        ({"pricing": {"type": "flexible", "currency": "UGX", "min_minor": 9, "max_minor": 5}}, "pricing.max_minor"),
        ({"pricing": {"type": "gift"}}, "pricing.type"),
        ({"pricing": {"type": "plan", "plan_id": "x"}}, "pricing.type"),
        ({"pricing": {"type": "cart", "items": []}}, "pricing.type"),
        ({"slug": "Invoice"}, "slug"),
        ({"slug": "-x"}, "slug"),
        ({"slug": "x-"}, "slug"),
        ({"slug": "x" * 65}, "slug"),
        ({"slug": "sessions"}, "slug"),
        ({"slug": "a/b"}, "slug"),
        ({"slug": "x\n"}, "slug"),
        ({"uses_max": 0}, "uses_max"),
        ({"uses_max": 10**9 + 1}, "uses_max"),
        ({"uses_max": 2**70}, "uses_max"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2050-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": 1893456000}, "expires_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"starts_at": "2051-01-01T00:00:00Z", "expires_at": "2050-01-01T00:00:00Z"}, "expires_at"),
        ({"methods": []}, "methods"),
        ({"methods": ["card", "card"]}, "methods"),
        ({"methods": ["cash"]}, "methods.0"),
        ({"methods": ["card"] * 5}, "methods"),
        ({"providers": ["Not A Provider"]}, "providers.0"),
        ({"collect": {"email": "maybe"}}, "collect.email"),
        ({"collect": {"shoe_size": "no"}}, "collect"),
        ({"success_url": "http://shop.example.com"}, "success_url"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"success_url": "//shop.example.com"}, "success_url"),
        ({"success_url": "https://a.example.com//b"}, "success_url"),
        ({"success_url": "https://a.example.com\\b"}, "success_url"),
        ({"success_url": "https://user:pw@a.example.com/"}, "success_url"),
        ({"success_url": "https://a.example.com/\tx"}, "success_url"),
        ({"success_url": "https://10.0.0.1/"}, "success_url"),
        ({"success_url": "https://[::1"}, "success_url"),
        ({"success_url": "https://a.example.com:99999/"}, "success_url"),
        ({"success_url": "https://"}, "success_url"),
        ({"cancel_url": "ftp://a.example.com/"}, "cancel_url"),
        ({"branding": {"color": "red"}}, "branding.color"),
        ({"branding": {"logo_url": "http://a.example.com/l.png"}}, "branding.logo_url"),
        ({"late_payment_policy": "keep"}, "late_payment_policy"),
        ({"nonsense": 1}, ""),
    ],
)
async def test_what_cannot_be_accepted_is_named(shop: Tenant, fields: dict[str, Any], field: str) -> None:
    answer = await shop.client.post(ROOT, json={"title": "x", "pricing": FIXED} | fields)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["field"].replace("[", ".").replace("]", "").startswith(field.split(".", maxsplit=1)[0])


async def test_an_unknown_currency_is_its_own_problem(shop: Tenant) -> None:
    pricing = {"type": "fixed", "amount_minor": 5, "currency": "XXZ"}
    answer = await shop.client.post(ROOT, json={"title": "x", "pricing": pricing})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_currency")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"title": "a\\u0000b", "pricing": {"type": "open"}}',
        b'{"title": "a", "title": "b", "pricing": {"type": "open"}}',
        b'{"title": "\\ud800", "pricing": {"type": "open"}}',
        b'{"title": "a", "metadata": {"\\u0000": "b"}, "pricing": {"type": "open"}}',
        b'{"title": "a", "pricing": {"type": "open", "type": "fixed"}}',
        b"[" * 5000,
        b'{"title": "' + b"x" * 70_000 + b'"}',
    ],
)
async def test_a_body_that_is_not_one_of_ours_is_a_400(shop: Tenant, raw: bytes) -> None:
    answer = await shop.client.post(ROOT, content=raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_raw_control_characters_are_refused(shop: Tenant) -> None:
    answer = await shop.client.post(ROOT, json={"title": "a\x07b", "pricing": FIXED})
    assert answer.status_code == 400


async def test_a_slug_is_made_from_the_title_and_gives_way(shop: Tenant) -> None:
    first, second, third = [await shop.make(title="Invoice #123: café") for _ in range(3)]
    assert first["slug"] == "invoice-123-cafe"
    assert second["slug"].startswith("invoice-123-cafe-")
    assert len({first["slug"], second["slug"], third["slug"]}) == 3
    assert (await shop.make(title="支払い"))["slug"].startswith("pay-")


async def test_a_slug_that_is_taken_is_refused_even_by_another_organization(
    service: LinksService, shop: Tenant
) -> None:
    await shop.make(slug="mine")
    other = await service.tenant()
    answer = await other.client.post(ROOT, json={"title": "x", "pricing": FIXED, "slug": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (409, "slug_taken")


async def test_of_twenty_who_want_one_slug_exactly_one_gets_it(service: LinksService, shop: Tenant) -> None:
    body = {"title": "x", "pricing": FIXED, "slug": "the-one"}
    answers = await asyncio.gather(*(shop.client.post(ROOT, json=body) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert [kind for kind, _ in await service.facts()].count("links.link.created") == 1


async def test_of_twenty_generated_slugs_all_are_their_own(shop: Tenant) -> None:
    made = await asyncio.gather(*(shop.make(title="Same title") for _ in range(20)))
    assert len({link["slug"] for link in made}) == 20


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


@pytest.mark.parametrize("field", ["title", "pricing", "slug", "late_payment_policy"])
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
