"""Every field, flow and answer of the `gated` document, which names them in tables and shows no bodies."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest

from tests.support.gated import CODE, EMAIL, PATH, believe_code, client, made, of
from tests.support.links import LinksService, Tenant

DAY = datetime(2026, 3, 2, 9, 30, 0, tzinfo=UTC)


@pytest.fixture
def on_the_day(links: LinksService) -> None:
    links.ahead = DAY - datetime.now(UTC)
    believe_code(links)


@pytest.fixture
def caller(links: LinksService, shop: Tenant, on_the_day: None) -> httpx.AsyncClient:
    return of(shop, links)


@pytest.fixture
def anybody(links: LinksService) -> httpx.AsyncClient:
    return client(links)


@pytest.mark.documented("POST /payment-links", "created by email and org_id alone")
async def test_a_link_is_created_by_email_and_org_id_alone(caller: httpx.AsyncClient, shop: Tenant) -> None:
    answer = await caller.post(PATH, json={"email": EMAIL, "org_id": str(shop.organization.id)})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert UUID(body.pop("link_id"))
    assert body.pop("url").startswith("https://pay.example.com/checkout/g-")
    assert body == {"status": "active", "expires_at": "2026-03-09T09:30:00Z"}


@pytest.mark.documented("POST /payment-links", "every field of the table")
async def test_every_field_of_the_table_is_kept(caller: httpx.AsyncClient, shop: Tenant) -> None:
    answer = await caller.post(
        PATH,
        content=f"""{{
            "email": "{EMAIL}", "org_id": "{shop.organization.id}", "transaction_id": "txn_8421",
            "payment_amount": 15000.50, "currency": "NGN", "scheduled_at": "2026-03-05T08:00:00Z", "otp": "{CODE}"
        }}""",
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["expires_at"] == "2026-03-12T08:00:00Z"
    read = await caller.get(f"{PATH}/{made['link_id']}")
    assert read.status_code == 200
    assert read.text.count("15000.50") == 1, "digit by digit"
    assert read.json() == {
        "link_id": made["link_id"],
        "org_id": str(shop.organization.id),
        "email": EMAIL,
        "transaction_id": "txn_8421",
        "payment_amount": 15000.5,
        "currency": "NGN",
        "status": "active",
        "otp_required": False,
        "verified": True,
        "scheduled_at": "2026-03-05T08:00:00Z",
        "expires_at": "2026-03-12T08:00:00Z",
        "created_at": "2026-03-02T09:30:00Z",
        "url": made["url"],
        "metadata": {},
    }


@pytest.mark.documented("POST, PUT /payment-links/otp", "the flow from the code to the 24-hour token")
async def test_the_otp_flow_ends_with_a_token_that_opens_the_link(
    caller: httpx.AsyncClient, anybody: httpx.AsyncClient, shop: Tenant
) -> None:
    link = await made(caller, shop)
    sent = await anybody.post(f"{PATH}/otp", json={"email": EMAIL})
    assert (sent.status_code, sent.json()) == (
        200,
        {
            "message": "If a payment link waits for this address, a code is on its way.",
            "expires_at": "2026-03-02T09:40:00Z",
            "resend_at": "2026-03-02T09:31:00Z",
        },
    )
    verified = await anybody.put(f"{PATH}/otp", json={"email": EMAIL, "otp": CODE})
    assert verified.status_code == 200, verified.text
    body = verified.json()
    token = body.pop("token")
    assert body == {"type": "payment_link", "expires_at": "2026-03-03T09:30:00Z", "expires_in": 86400}
    said = jwt.decode(token, options={"verify_signature": False})
    assert (said["type"], said["exp"] - said["iat"]) == ("payment_link", 24 * 3600)
    masked = await anybody.get(f"{PATH}/{link['link_id']}")
    assert masked.json()["email"] == "a***@example.com"
    opened = await anybody.get(f"{PATH}/{link['link_id']}", headers={"Authorization": f"Bearer {token}"})
    assert (opened.status_code, opened.json()) == (200, masked.json() | {"email": EMAIL})


@pytest.mark.documented("POST /payment-links/verify", "whether a link is neither expired nor revoked")
async def test_verify_says_whether_the_link_is_neither_expired_nor_revoked(
    links: LinksService, caller: httpx.AsyncClient, anybody: httpx.AsyncClient, shop: Tenant
) -> None:
    link, other = await made(caller, shop), await made(caller, shop)

    async def verified(one: dict[str, Any]) -> tuple[bool, str]:
        answer = await anybody.post(f"{PATH}/verify", json={"link_id": one["link_id"]})
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() == {"valid", "link"}
        assert EMAIL not in answer.text
        return answer.json()["valid"], answer.json()["link"]["status"]

    assert await verified(link) == (True, "active")
    revoked = await caller.delete(f"{PATH}/{link['link_id']}")
    assert (revoked.status_code, revoked.json()) == (200, {"message": "Payment link revoked", "revoked": 1})
    assert await verified(link) == (False, "revoked")
    links.ahead += timedelta(days=7)
    assert await verified(other) == (False, "expired")


@pytest.mark.documented("DELETE /payment-links", "an email revokes all active links of the recipient")
async def test_an_email_in_the_body_revokes_all_active_links_of_that_recipient(
    caller: httpx.AsyncClient, shop: Tenant
) -> None:
    mine = [await made(caller, shop, email=address) for address in (EMAIL, "Amina@Example.com", EMAIL)]
    other = await made(caller, shop, email="joseph@example.com")
    answer = await caller.request("DELETE", PATH, json={"email": EMAIL})
    assert (answer.status_code, answer.json()) == (200, {"message": "3 payment links revoked", "revoked": 3})
    listed = (await caller.get(f"/gated/orgs/{shop.organization.id}/payment-links")).json()
    assert {one["link_id"] for one in listed["links"] if one["status"] == "revoked"} == {m["link_id"] for m in mine}
    assert next(one for one in listed["links"] if one["link_id"] == other["link_id"])["status"] == "active"


@pytest.mark.documented("DELETE /payment-links", "a link_id or an email must be given")
async def test_neither_a_link_id_nor_an_email_is_refused(caller: httpx.AsyncClient) -> None:
    for answer in (await caller.delete(PATH), await caller.request("DELETE", PATH, json={})):
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "email")


@pytest.mark.documented("GET /orgs/{org_id}/payment-links", "all links, with a total")
async def test_the_links_of_an_organization_come_with_a_total(caller: httpx.AsyncClient, shop: Tenant) -> None:
    made_before = [await made(caller, shop) for _ in range(3)]
    answer = await caller.get(f"/gated/orgs/{shop.organization.id}/payment-links")
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == 3
    assert [one["link_id"] for one in answer.json()["links"]] == [one["link_id"] for one in reversed(made_before)]
    assert answer.json()["links"][0]["email"] == EMAIL


@pytest.mark.documented("POST /payment-links/scheduled", "the window, 24 hours by default")
async def test_the_scheduled_trigger_sends_what_is_due_in_the_window(caller: httpx.AsyncClient, shop: Tenant) -> None:
    due = await made(caller, shop, scheduled_at="2026-03-05T08:00:00Z")
    await made(caller, shop, scheduled_at="2026-03-06T00:00:01Z")
    answer = await caller.post(f"{PATH}/scheduled", json={"scheduled_at": "2026-03-05", "period": 24})
    assert (answer.status_code, answer.json()) == (200, {"total": 1, "link_ids": [due["link_id"]]})
    by_default = await caller.post(f"{PATH}/scheduled", json={"scheduled_at": "2026-03-05T00:00:00Z"})
    assert by_default.json() == answer.json()


@pytest.mark.documented("every protected route", "internal-admin or org-admin")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", PATH),
        ("DELETE", PATH),
        ("DELETE", f"{PATH}/{UUID(int=1)}"),
        ("GET", f"/gated/orgs/{UUID(int=1)}/payment-links"),
        ("POST", f"{PATH}/scheduled"),
    ],
)
async def test_what_the_document_protects_needs_a_role(
    links: LinksService, shop: Tenant, anybody: httpx.AsyncClient, method: str, path: str
) -> None:
    assert (await anybody.request(method, path)).status_code == 401
    visitor = of(shop, links, role="viewer")
    refused = await visitor.request(method, path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
