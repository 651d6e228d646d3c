"""What the `gated` document leaves open: roles and tenancy, what is refused, defaults, lifetimes, who sees what."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.kernel.ids import new_id
from shared.runtime.limits import Limiter
from tests.support.gated import CODE, EMAIL, PATH, bearer, believe_code, claims, client, made, of
from tests.support.links import LinksService, Tenant

DAY = datetime(2026, 3, 2, 9, 30, 0, tzinfo=UTC)


@pytest.fixture
def caller(links: LinksService, shop: Tenant) -> httpx.AsyncClient:
    links.ahead = DAY - datetime.now(UTC)
    return of(shop, links)


@pytest.fixture
def anybody(links: LinksService) -> httpx.AsyncClient:
    return client(links)


async def token_of(links: LinksService, anybody: httpx.AsyncClient, **body: Any) -> dict[str, str]:
    believe_code(links)
    answer = await anybody.put(f"{PATH}/otp", json={"email": EMAIL, "otp": CODE} | body)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def read(caller: httpx.AsyncClient, link: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await caller.get(f"{PATH}/{link['link_id']}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


# Roles and tenancy


async def test_an_internal_admin_works_for_every_organization(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient
) -> None:
    internal, other = of(None, links), await links.tenant()
    mine, theirs = await made(internal, shop), await made(internal, other)
    for tenant, link in ((shop, mine), (other, theirs)):
        listed = (await internal.get(f"/gated/orgs/{tenant.organization.id}/payment-links")).json()
        assert [one["link_id"] for one in listed["links"]] == [link["link_id"]]
    answer = await internal.request("DELETE", PATH, json={"email": EMAIL})
    assert answer.json()["revoked"] == 2
    assert (await read(caller, mine))["status"] == "revoked"
    nowhere = await internal.post(PATH, json={"email": EMAIL, "org_id": str(new_id())})
    assert nowhere.status_code == 404


async def test_an_org_admin_finds_nothing_of_another_organization(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient
) -> None:
    other = await links.tenant()
    theirs = await made(of(other, links), other, scheduled_at="2026-03-05T08:00:00Z")
    for answer in (
        await caller.post(PATH, json={"email": EMAIL, "org_id": str(other.organization.id)}),
        await caller.delete(f"{PATH}/{theirs['link_id']}"),
        await caller.request("DELETE", f"{PATH}/{theirs['link_id']}", json={"email": EMAIL}),
        await caller.get(f"/gated/orgs/{other.organization.id}/payment-links"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    by_email = await caller.request("DELETE", PATH, json={"email": EMAIL})
    assert by_email.json()["revoked"] == 0
    window = await caller.post(f"{PATH}/scheduled", json={"scheduled_at": "2026-03-05"})
    assert window.json() == {"total": 0, "link_ids": []}
    masked = await read(caller, theirs)
    assert (masked["status"], masked["email"]) == ("active", "a***@example.com")


async def test_links_of_the_other_mode_are_not_there(links: LinksService, shop: Tenant) -> None:
    live = await links.tenant(of=shop.organization, livemode=True)
    link = await live.make(recipient={"email": EMAIL})
    caller = of(shop, links)
    assert (await caller.delete(f"{PATH}/{link['id']}")).status_code == 404
    assert (await caller.request("DELETE", PATH, json={"email": EMAIL})).json()["revoked"] == 0
    assert (await caller.get(f"/gated/orgs/{shop.organization.id}/payment-links")).json()["total"] == 0


# What is refused


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"email": None}, "email"),
        ({"email": "amina"}, "email"),
        ({"email": "amina@example.com\nBcc: x@example.com"}, "email"),
        ({"email": "a" * 400 + "@example.com"}, "email"),
        ({"transaction_id": "4242 4242 4242 4242"}, "transaction_id"),
        ({"transaction_id": "a\nb"}, "transaction_id"),
        ({"transaction_id": " "}, "transaction_id"),
        ({"transaction_id": "x" * 201}, "transaction_id"),
        ({"payment_amount": 0}, "payment_amount"),
        ({"payment_amount": -5}, "payment_amount"),
        ({"payment_amount": 0.5, "currency": "RWF"}, "payment_amount"),
        ({"payment_amount": 1.005, "currency": "USD"}, "payment_amount"),
        ({"payment_amount": "many"}, "payment_amount"),
        ({"payment_amount": True}, "payment_amount"),
        ({"currency": "ngn"}, "currency"),
        ({"currency": "XXQ"}, "currency"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at"),
        ({"scheduled_at": "9999-12-31T23:59:59Z"}, "scheduled_at"),
        ({"scheduled_at": "2099-12-31T23:59:59Z"}, "scheduled_at"),
        ({"scheduled_at": 5}, "scheduled_at"),
        ({"otp_required": "no"}, "otp_required"),
    ],
    ids=str,
)
async def test_a_value_that_cannot_be_is_refused_by_its_name(
    shop: Tenant, caller: httpx.AsyncClient, over: dict[str, Any], field: str
) -> None:
    answer = await caller.post(PATH, json={"email": EMAIL, "org_id": str(shop.organization.id)} | over)
    assert (answer.status_code, answer.json()["error"].get("field")) == (400, field), answer.text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"email": "a\\u0000@example.com", "org_id": "x"}',
        b'{"email": "a@example.com", "org_id": "%s", "payment_amount": 1e999999}',
        b'{"email": "a@example.com", "org_id": "%s", "payment_amount": 1e-999999}',
        b'{"email": "a@example.com", "email": "b@example.com", "org_id": "x"}',
        b"\xff\xfe",
    ],
)
async def test_a_body_that_makes_no_sense_is_a_400(shop: Tenant, caller: httpx.AsyncClient, raw: bytes) -> None:
    answer = await caller.post(PATH, content=raw.replace(b"%s", str(shop.organization.id).encode()))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "invalid"


async def test_what_is_no_id_of_ours_is_not_there(caller: httpx.AsyncClient, anybody: httpx.AsyncClient) -> None:
    for answer in (
        await caller.post(PATH, json={"email": EMAIL, "org_id": "org_1"}),
        await anybody.post(f"{PATH}/verify", json={"link_id": "link_1"}),
        await anybody.post(f"{PATH}/verify", json={"link_id": str(new_id())}),
        await anybody.get(f"{PATH}/link_1"),
        await anybody.get(f"{PATH}/{new_id()}"),
        await caller.delete(f"{PATH}/{new_id()}"),
        await caller.get("/gated/orgs/org_1/payment-links"),
        await caller.get("/gated/nothing"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), answer.text
    wrong_verb = await caller.patch(PATH, json={})
    assert (wrong_verb.status_code, wrong_verb.json()["error"]["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("period", [0, -1, 8785, 2**70, "24", 1.5])
async def test_a_period_out_of_bounds_is_refused(caller: httpx.AsyncClient, period: Any) -> None:
    answer = await caller.post(f"{PATH}/scheduled", json={"scheduled_at": "2026-03-05", "period": period})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "period")
    far = await caller.post(f"{PATH}/scheduled", json={"scheduled_at": "9999-12-31T23:59:59Z"})
    assert (far.status_code, far.json()["error"]["field"]) == (400, "scheduled_at")


async def test_unknown_fields_and_a_slash_at_the_end_do_no_harm(shop: Tenant, caller: httpx.AsyncClient) -> None:
    answer = await caller.post(
        PATH + "/", json={"email": EMAIL, "org_id": str(shop.organization.id), "memo": "x", "transaction_id": None}
    )
    assert answer.status_code == 201, answer.text


# Defaults and lifetimes


async def test_without_an_amount_the_buyer_chooses_in_the_currency_that_is_named(
    shop: Tenant, caller: httpx.AsyncClient
) -> None:
    link = await read(caller, await made(caller, shop))
    assert (link["payment_amount"], link["currency"]) == (None, "UGX")
    link = await read(caller, await made(caller, shop, currency="NGN"))
    assert (link["payment_amount"], link["currency"]) == (None, "NGN")
    link = await read(caller, await made(caller, shop, payment_amount=5000))
    assert (link["payment_amount"], link["currency"]) == (5000, "UGX")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("9007199254740.93", "USD", 900_719_925_474_093), ("0.1", "USD", 10), ("1.234", "KWD", 1_234)],
)
async def test_an_amount_is_kept_digit_by_digit(
    shop: Tenant, caller: httpx.AsyncClient, amount: str, currency: str, minor: int
) -> None:
    raw = f'{{"email": "{EMAIL}", "org_id": "{shop.organization.id}", "payment_amount": {amount}, '
    answer = await caller.post(PATH, content=raw + f'"currency": "{currency}"}}')
    assert answer.status_code == 201, answer.text
    native = await shop.read(answer.json()["link_id"])
    assert native["pricing"] == {"type": "fixed", "amount_minor": minor, "currency": currency}
    assert f'"payment_amount":{amount}' in (await caller.get(f"{PATH}/{native['id']}")).text


async def test_the_lifetime_is_the_organization_s_from_the_schedule_or_the_creation(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient
) -> None:
    await links.pg.execute("UPDATE organization SET link_lifetime_seconds = 3600 WHERE id = $1", shop.organization.id)
    assert (await made(caller, shop))["expires_at"] == "2026-03-02T10:30:00Z"
    later = await made(caller, shop, scheduled_at="2026-03-05T08:00:00+03:00")
    assert later["expires_at"] == "2026-03-05T06:00:00Z"
    over = await made(caller, shop, scheduled_at="2026-03-01")
    assert over["expires_at"] == "2026-03-02T10:30:00Z"


async def test_only_a_schedule_asks_for_a_mail(links: LinksService, shop: Tenant, caller: httpx.AsyncClient) -> None:
    await made(caller, shop)
    await made(caller, shop, scheduled_at="2026-03-05T08:00:00Z")
    plans = [data["link"].get("scheduled_at") for name, data in await links.facts() if name == "links.link.created"]
    assert [plan is not None for plan in plans] == [False, True]
    assert "links.link.send_requested" not in [name for name, _ in await links.facts()]


async def test_a_window_tells_for_each_link_once_however_often_it_is_asked_for(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient
) -> None:
    link = await made(caller, shop, scheduled_at="2026-03-05T08:00:00Z")
    for _ in range(2):
        answer = await caller.post(f"{PATH}/scheduled", json={"scheduled_at": "2026-03-04T08:00:00Z", "period": 24})
        assert answer.json() == {"total": 1, "link_ids": [link["link_id"]]}
    # Notify sends once for each schedule, whoever asks again (tests/integration/test_notify_link_mails.py).
    asked = [data for name, data in await links.facts() if name == "links.link.send_requested"]
    assert {one["link"]["scheduled_at"] for one in asked} == {"2026-03-05T08:00:00Z"}


# Who sees what


async def test_the_public_sees_no_recipient_and_no_metadata(
    shop: Tenant, caller: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    native = await shop.make(recipient={"email": EMAIL, "name": "Amina K."}, metadata={"crm": "secret"})
    link = {"link_id": native["id"]}
    for masked in (
        await anybody.get(f"{PATH}/{native['id']}"),
        await anybody.get(f"{PATH}/{native['id']}", headers={"Authorization": "Bearer nonsense"}),
        await anybody.post(f"{PATH}/verify", json=link),
    ):
        assert masked.status_code == 200
        for private in (EMAIL, "Amina", "secret"):
            assert private not in masked.text
    whole = await read(caller, link)
    assert (whole["email"], whole["metadata"]) == (EMAIL, {"crm": "secret"})


async def test_a_payment_link_token_opens_the_links_of_its_address_only(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    mine, also, other = [await made(caller, shop, email=one) for one in (EMAIL, "AMINA@example.com", "x@y.example")]
    token = await token_of(links, anybody)
    assert (await read(anybody, mine, headers=token))["email"] == EMAIL
    assert (await read(anybody, also, headers=token))["email"] == "AMINA@example.com"
    assert (await read(anybody, other, headers=token))["email"] == "x***@y.example"
    verified = await anybody.post(f"{PATH}/verify", json={"link_id": mine["link_id"]}, headers=token)
    assert verified.json()["link"]["email"] == EMAIL
    for_one = await token_of(links, anybody, link_id=also["link_id"])
    assert (await read(anybody, mine, headers=for_one))["email"] == "a***@example.com"
    assert (await read(anybody, also, headers=for_one))["email"] == "AMINA@example.com"


async def test_a_payment_link_token_ends_with_its_day_its_link_and_its_recipient(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    revoked, moved, left = [await made(caller, shop) for _ in range(3)]
    token = await token_of(links, anybody)
    await caller.delete(f"{PATH}/{revoked['link_id']}")
    await shop.client.patch(f"/v1/payment-links/{moved['link_id']}", json={"recipient": {"email": "new@example.com"}})
    for link in (revoked, moved):
        assert "***" in (await read(anybody, link, headers=token))["email"]
    assert (await read(anybody, left, headers=token))["email"] == EMAIL
    links.ahead += timedelta(days=1)
    assert "***" in (await read(anybody, left, headers=token))["email"]


async def test_a_payment_link_token_works_for_no_program(
    links: LinksService, shop: Tenant, anybody: httpx.AsyncClient
) -> None:
    token = await token_of(links, anybody)
    answer = await anybody.get(f"/gated/orgs/{shop.organization.id}/payment-links", headers=token)
    assert answer.status_code == 401


# Codes on create


async def test_a_proven_code_starts_the_link_verified_until_its_recipient_changes(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient
) -> None:
    believe_code(links)
    link = await made(caller, shop, otp=CODE)
    native = await shop.read(link["link_id"])
    assert (native["gate"], native["verified_at"][:16]) == ("otp", "2026-03-02T09:30")
    created = [data["link"] for name, data in await links.facts() if name == "links.link.created"]
    assert created[-1].get("gate_otp", False) is False, "the page opens without a code"
    url = f"/v1/payment-links/{link['link_id']}"
    same = await shop.client.patch(url, json={"recipient": {"email": "Amina@example.com", "name": "Amina"}})
    assert same.json()["verified_at"] == native["verified_at"]
    moved = await shop.client.patch(url, json={"recipient": {"email": "joseph@example.com"}})
    assert (moved.json()["verified_at"], moved.json()["gate"]) == (None, "otp")
    assert (await read(caller, link))["otp_required"] is True


async def test_a_code_that_proves_nothing_makes_no_link(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient
) -> None:
    believe_code(links)
    for over in ({"otp": "000000"}, {"otp": CODE, "email": "joseph@example.com"}, {"otp": ""}, {"otp": "1" * 33}):
        answer = await caller.post(PATH, json={"email": EMAIL, "org_id": str(shop.organization.id)} | over)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "otp"), answer.text
    assert (await caller.get(f"/gated/orgs/{shop.organization.id}/payment-links")).json()["total"] == 0


async def test_a_direct_link_asks_for_no_code(links: LinksService, shop: Tenant, caller: httpx.AsyncClient) -> None:
    link = await made(caller, shop, otp_required=False)
    assert (await shop.read(link["link_id"]))["gate"] == "none"
    assert (await read(caller, link))["otp_required"] is False


async def test_a_wrong_code_is_a_401_and_an_address_that_is_none_a_400(
    links: LinksService, anybody: httpx.AsyncClient
) -> None:
    believe_code(links)
    wrong = await anybody.put(f"{PATH}/otp", json={"email": EMAIL, "otp": "000000"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "otp_rejected")
    for method, body in (
        ("POST", {"email": "amina"}),
        ("PUT", {"email": "amina", "otp": CODE}),
        ("POST", {"email": EMAIL, "link_id": "link_1"}),
        ("PUT", {"email": EMAIL}),
    ):
        assert (await anybody.request(method, f"{PATH}/otp", json=body)).status_code == 400


async def test_a_second_code_must_be_waited_for(shop: Tenant, anybody: httpx.AsyncClient) -> None:
    link_id = str(new_id())
    first = await anybody.post(f"{PATH}/otp", json={"email": EMAIL, "link_id": link_id})
    second = await anybody.post(f"{PATH}/otp", json={"email": EMAIL, "link_id": link_id})
    assert (first.status_code, second.status_code) == (200, 429)
    assert 1 <= int(second.headers["retry-after"]) <= 60
    assert second.json()["error"]["code"] == "rate_limited"


# Revoking, listing, links of other kinds


async def test_revoking_twice_is_no_fault_and_counts_once(shop: Tenant, caller: httpx.AsyncClient) -> None:
    link, other = await made(caller, shop), await made(caller, shop)
    assert (await caller.delete(f"{PATH}/{link['link_id']}")).json()["revoked"] == 1
    assert (await caller.delete(f"{PATH}/{link['link_id']}")).json()["revoked"] == 0
    both = await caller.request("DELETE", f"{PATH}/{link['link_id']}", json={"email": EMAIL})
    assert both.json() == {"message": "Payment link revoked", "revoked": 1}
    assert (await read(caller, other))["status"] == "revoked"
    assert (await shop.read(link["link_id"]))["state"] == "revoked"


async def test_a_list_goes_by_pages_where_it_is_asked_to(shop: Tenant, caller: httpx.AsyncClient) -> None:
    links = [await made(caller, shop) for _ in range(3)]
    url = f"/gated/orgs/{shop.organization.id}/payment-links"
    second = (await caller.get(url, params={"per_page": 2, "page": 2})).json()
    assert (second["total"], [one["link_id"] for one in second["links"]]) == (3, [links[0]["link_id"]])
    for query in ({"per_page": 1001}, {"page": 0}, {"page": "x"}):
        assert (await caller.get(url, params=query)).status_code == 400


async def test_links_of_every_other_kind_read_sensibly(
    links: LinksService, shop: Tenant, caller: httpx.AsyncClient
) -> None:
    product, plan = await shop.product(), await shop.plan()
    kinds: list[tuple[dict[str, Any], Any, Any]] = [
        ({"type": "product", "product_id": product["id"]}, 50_000, "UGX"),
        ({"type": "plan", "plan_id": plan["id"]}, 10_000, "XOF"),
        ({"type": "flexible", "currency": "USD", "min_minor": 100}, None, "USD"),
        ({"type": "open"}, None, None),
        ({"type": "fixed", "amount_minor": 1_234, "currency": "KWD"}, 1.234, "KWD"),
    ]
    for pricing, amount, currency in kinds:
        native = await shop.make(pricing=pricing)
        link = await read(caller, {"link_id": native["id"]})
        assert (link["payment_amount"], link["currency"], link["email"]) == (amount, currency, None)
        assert link["expires_at"] is None
    paused = await shop.make()
    await shop.client.post(f"/v1/payment-links/{paused['id']}/pause")
    verified = await caller.post(f"{PATH}/verify", json={"link_id": paused["id"]})
    assert (verified.json()["valid"], verified.json()["link"]["status"]) == (False, "inactive")
    deleted = await caller.delete(f"/core/payment-links/{paused['id']}", headers={"X-API-Key": shop.bearer})
    assert deleted.status_code == 204
    assert (await caller.get(f"{PATH}/{paused['id']}")).status_code == 404


async def test_who_made_a_link_is_written_down(links: LinksService, shop: Tenant, caller: httpx.AsyncClient) -> None:
    link = await made(caller, shop)
    assert (await shop.read(link["link_id"]))["created_by"] == "token:billing"
    assert UUID(link["link_id"])


async def test_one_subject_has_its_own_limit(links: LinksService, shop: Tenant) -> None:
    links.app.state.clients._limiter = Limiter("client", per_second=0.001, burst=1)
    busy, other = client(links, bearer(claims(shop, links))), client(links, bearer(claims(shop, links, sub="other")))
    url = f"/gated/orgs/{shop.organization.id}/payment-links"
    answers = [(await one.get(url)).status_code for one in (busy, busy, other)]
    assert answers == [200, 429, 200]
