"""What the `collections` document says of its fields, beyond its examples."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.links import LinksService, Tenant
from tests.support.uses import settle, succeeded, take_in

PATH = "/collections/generation/v2/payment-links"
FIXED = {"title": "Invoice #123", "amount_type": "fixed", "amount": 50_000, "currency": "RWF"}
FLEXIBLE = {"title": "Donation", "amount_type": "flexible", "currency": "RWF"}
CARD_NUMBER = "4242 4242 4242 4242"


async def ask(shop: Tenant, method: str, path: str = "", body: Any = None, **more: Any) -> httpx.Response:
    headers = {"Authorization": "", "X-DGS-API-Key": shop.bearer}
    return await shop.client.request(method, PATH + path, json=body, headers=headers, **more)


async def made(shop: Tenant, **fields: Any) -> dict[str, Any]:
    answer = await ask(shop, "POST", body=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["link"]


async def changed(shop: Tenant, link: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await ask(shop, "PATCH", f"/{link['id']}", fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["link"]


async def status(shop: Tenant, link: dict[str, Any]) -> str:
    return (await ask(shop, "GET", f"/{link['id']}")).json()["link"]["status"]


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    assert (told["status"], bool(told["message"]), told.keys() - {"status", "message", "code", "field"}) == (
        "error",
        True,
        set(),
    )
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, told["code"], told.get("field")


async def test_a_status_pauses_and_resumes_a_link(shop: Tenant) -> None:
    link = await made(shop, **FIXED)
    for wanted in ("inactive", "inactive", "active", "active"):
        assert (await changed(shop, link, status=wanted))["status"] == wanted
        native = await shop.read(link["id"])
        assert native["state"] == ("paused" if wanted == "inactive" else "active")
    kept = await changed(shop, link, status="inactive", title="Both at once")
    assert (kept["status"], kept["title"]) == ("inactive", "Both at once")


async def test_a_link_can_be_sent_back_as_it_was_read_whatever_its_status(links: LinksService, shop: Tenant) -> None:
    link = await made(shop, **FIXED | {"expires_at": f"{links.now() + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"})
    links.ahead = timedelta(hours=2)
    read = (await ask(shop, "GET", f"/{link['id']}")).json()["link"]
    assert read["status"] == "expired"
    assert (await changed(shop, link, status="expired", title="Late"))["title"] == "Late"
    assert (await changed(shop, link, status="active"))["status"] == "expired", "time alone made it so"


@pytest.mark.parametrize("status_", ["exhausted", "archived", "expired", "paused", "", None, 1])
async def test_a_status_that_nobody_sets_is_refused(shop: Tenant, status_: object) -> None:
    link = await made(shop, **FIXED)
    answer = await ask(shop, "PATCH", f"/{link['id']}", {"status": status_})
    assert refusal(answer) == (400, "invalid", "status")
    assert await status(shop, link) == "active"


async def test_an_archived_link_stays_archived_whatever_status_it_is_given(shop: Tenant) -> None:
    link = await made(shop, **FIXED)
    await ask(shop, "DELETE", f"/{link['id']}")
    for wanted in ("active", "inactive"):
        answer = await ask(shop, "PATCH", f"/{link['id']}", {"status": wanted})
        assert refusal(answer) == (409, "link_ended", None)
    assert await status(shop, link) == "archived"


async def test_the_paths_of_the_table_and_of_the_curl_lines_are_the_same(shop: Tenant) -> None:
    short, headers = "/collections/payment-links", {"Authorization": "", "X-DGS-API-Key": shop.bearer}
    answer = await shop.client.post(short, json=FIXED, headers=headers)
    assert answer.status_code == 201, answer.text
    link = answer.json()["link"]
    assert (await ask(shop, "GET", f"/{link['id']}")).json()["link"] == link
    assert (await shop.client.get(short, headers=headers)).json() == (await ask(shop, "GET")).json()
    one = f"{short}/{link['id']}"
    assert (await shop.client.get(one, headers=headers)).json()["link"] == link
    assert (await shop.client.patch(one, json={"max_uses": 2}, headers=headers)).json()["link"]["max_uses"] == 2
    assert (await shop.client.delete(one + "/", headers=headers)).json()["message"] == "Payment link archived"
    assert await status(shop, link) == "archived"


async def test_what_is_left_out_has_the_documented_defaults(shop: Tenant) -> None:
    link = await made(shop, **FIXED)
    assert link["payment_types"] == ["card", "mobile_money", "ussd", "bank_transfer"]
    assert (link["slug"], link["max_uses"], link["expires_at"], link["status"]) == ("invoice-123", None, None, "active")
    native = await shop.read(link["id"])
    assert (native["collect"]["phone"], native["collect"]["name"], native["collect"]["address"]) == (
        "optional",
        "optional",
        "no",
    )
    assert (await made(shop, **FIXED))["slug"].startswith("invoice-123-"), "a generated slug gives way"


async def test_null_is_the_default_too(shop: Tenant) -> None:
    plain = await made(shop, **FIXED, slug="plain")
    names = ("payment_types", "description", "redirect_url", "max_uses", "expires_at", "collect_phone", "collect_name",
             "collect_address", "logo_url", "metadata", "slug", "min_amount", "max_amount")  # fmt: skip
    link = await made(shop, **FIXED, **dict.fromkeys(names))
    own = {"id", "slug", "url", "created_at"}
    assert {key: link[key] for key in link if key not in own} == {key: plain[key] for key in plain if key not in own}


async def test_every_field_is_kept_and_told_where_it_is_not_the_default(shop: Tenant) -> None:
    said = {
        "slug": "june", "description": "For June", "redirect_url": "https://shop.example.com/ok",
        "collect_phone": False, "collect_name": False, "collect_address": True,
        "logo_url": "https://shop.example.com/logo.png", "metadata": {"order": [1, {"a": None}]},
    }  # fmt: skip
    link = await made(shop, **FIXED, **said)
    assert {key: link[key] for key in said} == said
    cleared = await changed(shop, link, **{key: None for key in said if key != "slug"})
    assert cleared.keys() & said.keys() == {"slug"}


async def test_a_payer_chooses_between_the_bounds_that_are_given(shop: Tenant) -> None:
    free = await made(shop, **FLEXIBLE)
    assert (free["amount"], free.keys() & {"min_amount", "max_amount"}) == (None, set())
    link = await made(shop, **FLEXIBLE, min_amount=500, max_amount=20_000)
    assert (link["amount"], link["min_amount"], link["max_amount"]) == (None, 500, 20_000)
    assert (await changed(shop, link, min_amount=1_000))["max_amount"] == 20_000
    assert "max_amount" not in await changed(shop, link, max_amount=None)
    fixed = await changed(shop, link, amount_type="fixed", amount=700)
    assert (fixed["amount_type"], fixed["amount"], "min_amount" in fixed) == ("fixed", 700, False)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (FLEXIBLE | {"amount": 100}, "amount"),
        (FLEXIBLE | {"min_amount": 200, "max_amount": 100}, "max_amount"),
        (FLEXIBLE | {"min_amount": 0}, "min_amount"),
        (FLEXIBLE | {"max_amount": 0.5}, "max_amount"),
        (FIXED | {"min_amount": 1}, "min_amount"),
        (FIXED | {"max_amount": 1}, "max_amount"),
        (FIXED | {"amount": None}, "amount"),
        (FIXED | {"amount": 0}, "amount"),
        (FIXED | {"amount": -5}, "amount"),
        (FIXED | {"amount": 10**19}, "amount"),
        (FIXED | {"amount": 19.999, "currency": "USD"}, "amount"),
        (FIXED | {"amount_type": "any"}, "amount_type"),
        ({key: FIXED[key] for key in FIXED if key != "currency"}, "currency"),
        (FIXED | {"currency": "rwf"}, "currency"),
        (FIXED | {"title": ""}, "title"),
        (FIXED | {"title": "x" * 201}, "title"),
        (FIXED | {"title": f"Pay {CARD_NUMBER}"}, "title"),
        (FIXED | {"description": CARD_NUMBER}, "description"),
        (FIXED | {"metadata": {"card": CARD_NUMBER}}, "metadata.card"),
        (FIXED | {"metadata": []}, "metadata"),
        (FIXED | {"payment_types": []}, "payment_types"),
        (FIXED | {"payment_types": ["cash"]}, "payment_types[0]"),
        (FIXED | {"payment_types": "card"}, "payment_types"),
        (FIXED | {"slug": "Not a slug"}, "slug"),
        (FIXED | {"slug": "-edge"}, "slug"),
        (FIXED | {"slug": "checkout"}, "slug"),
        (FIXED | {"slug": "x" * 65}, "slug"),
        (FIXED | {"redirect_url": "javascript:alert(1)"}, "redirect_url"),
        (FIXED | {"redirect_url": "http://shop.example.com/ok"}, "redirect_url"),
        (FIXED | {"logo_url": "https://10.0.0.1/logo.png"}, "logo_url"),
        (FIXED | {"max_uses": 0}, "max_uses"),
        (FIXED | {"max_uses": 1.5}, "max_uses"),
        (FIXED | {"expires_at": "2031-12-31T23:59:59Z"}, "expires_at"),
        (FIXED | {"expires_at": "2031-02-30 00:00:00"}, "expires_at"),
        (FIXED | {"expires_at": "2001-01-01 00:00:00"}, "expires_at"),
        (FIXED | {"collect_phone": "yes"}, "collect_phone"),
    ],
)
async def test_what_cannot_be_accepted_is_told_by_the_name_that_was_sent(
    shop: Tenant, fields: dict[str, Any], field: str
) -> None:
    assert refusal(await ask(shop, "POST", body=fields)) == (400, "invalid", field)
    assert (await ask(shop, "GET")).json()["links"] == []


async def test_every_refusal_is_in_the_envelope(shop: Tenant) -> None:
    link = await made(shop, **FIXED, slug="june")
    headers = {"Authorization": "", "X-DGS-API-Key": shop.bearer}
    unknown = await ask(shop, "POST", body=FIXED | {"currency": "XYZ"})
    assert refusal(unknown) == (400, "unknown_currency", "currency")
    broken = await shop.client.post(PATH, content=b'{"title": ', headers=headers)
    assert refusal(broken) == (400, "invalid", None)
    control = await ask(shop, "POST", body=FIXED | {"description": "bell \u0007"})
    assert refusal(control) == (400, "invalid", "description")
    unknown = await shop.client.get(PATH, headers=headers | {"X-DGS-API-Key": "pk_test_wrong"})
    assert refusal(unknown) == (401, "unauthorized", None)
    bearer = await shop.client.get(PATH, headers={"X-API-Key": shop.bearer})
    assert refusal(bearer)[0] == 401, "no other header is looked at"
    assert refusal(await ask(shop, "GET", "/00000000-0000-7000-8000-000000000000"))[:2] == (404, "not_found")
    assert refusal(await ask(shop, "GET", "/not-an-id"))[:2] == (404, "not_found")
    assert refusal(await ask(shop, "GET", "s"))[:2] == (404, "not_found")
    assert refusal(await ask(shop, "PUT", f"/{link['id']}", FIXED))[:2] == (405, "method_not_allowed")
    assert refusal(await ask(shop, "POST", body=FIXED | {"slug": "june"}))[:2] == (409, "slug_taken")
    for size in (70_000, 300_000):
        large = await ask(shop, "POST", body=FIXED | {"description": "x" * size})
        assert refusal(large)[:2] == (413, "payload_too_large")


async def test_a_key_that_may_only_read_changes_nothing(links: LinksService, shop: Tenant) -> None:
    link = await made(shop, **FIXED)
    reader = await links.tenant(of=shop.organization, scopes=("links:read",))
    assert (await ask(reader, "GET", f"/{link['id']}")).status_code == 200
    for method, path, body in (
        ("POST", "", FIXED),
        ("PATCH", f"/{link['id']}", {}),
        ("DELETE", f"/{link['id']}", None),
    ):
        assert refusal(await ask(reader, method, path, body))[:2] == (403, "forbidden")


async def test_the_status_tells_how_a_link_stands(links: LinksService, shop: Tenant) -> None:
    paused = await made(shop, **FIXED)
    await shop.client.post(f"/v1/payment-links/{paused['id']}/pause")
    assert await status(shop, paused) == "inactive"
    short = await made(shop, **FIXED, expires_at=f"{links.now() + timedelta(hours=1):%Y-%m-%d %H:%M:%S}")
    once = await made(shop, **FIXED, max_uses=1)
    asked, _ = await links.hold(once, shop)
    await settle(links, asked)
    assert await status(shop, once) == "exhausted"
    assert (await changed(shop, once, max_uses=None))["status"] == "active", "there is room again"
    links.ahead = timedelta(hours=2)
    assert await status(shop, short) == "expired"
    assert (await changed(shop, short, expires_at=None))["status"] == "active"
    await ask(shop, "DELETE", f"/{short['id']}")
    assert await status(shop, short) == "archived"
    again = await ask(shop, "DELETE", f"/{short['id']}")
    assert (again.status_code, again.json()["message"]) == (200, "Payment link archived")
    assert refusal(await ask(shop, "PATCH", f"/{short['id']}", {"max_uses": 3}))[:2] == (409, "link_ended")


async def test_stats_count_charges_and_what_was_collected(links: LinksService, shop: Tenant) -> None:
    body = FIXED | {"currency": "UGX", "max_uses": 5}
    link = await made(shop, **body)
    asked, _ = await links.hold(link, shop)
    await settle(links, asked)
    await take_in(links, succeeded(asked, version=2, at=links.now()))
    found = (await ask(shop, "GET", f"/{link['id']}")).json()
    assert found["link"]["use_count"] == 1
    assert found["stats"] == {
        "total_charges": 1,
        "successful_charges": 1,
        "pending_charges": 0,
        "failed_charges": 0,
        "total_collected": 50_000,
        "currency": "UGX",
    }
    (charge,) = found["recent_charges"]
    assert (charge["amount"], charge["currency"], charge["status"]) == ("50000.00", "UGX", "success")
    assert charge["created_at"][4::3][:2] == "--"


async def test_the_list_comes_in_pages_newest_first(shop: Tenant) -> None:
    ids = [(await made(shop, **FIXED, slug=f"invoice-{number}"))["id"] for number in range(5)]
    await ask(shop, "DELETE", f"/{ids[0]}")
    seen: list[str] = []
    for page in (1, 2, 3, 4):
        answer = (await ask(shop, "GET", f"?page={page}&per_page=2")).json()
        assert answer["pagination"] == {"page": page, "per_page": 2, "total": 5, "total_pages": 3}
        seen += [link["id"] for link in answer["links"]]
    assert seen == ids[::-1], "what is archived is listed, too"
    plain = (await ask(shop, "GET")).json()["pagination"]
    assert plain == {"page": 1, "per_page": 20, "total": 5, "total_pages": 1}


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=0", "page"), ("page=x", "page"), ("per_page=101", "per_page"), ("per_page=-1", "per_page"),
     ("page=1&page=2", "page")],
)  # fmt: skip
async def test_pages_have_bounds(shop: Tenant, query: str, field: str) -> None:
    assert refusal(await ask(shop, "GET", f"?{query}")) == (400, "invalid", field)
