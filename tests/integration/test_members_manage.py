"""Who is added, invited, changed and removed, and by whom."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Database
from tests.support.links import LinksService, Tenant, links_service
from tests.support.members import PASSWORD, Someone, client_of, someone

MEMBERS = "/v1/members"


@pytest.fixture
async def tenant(service: LinksService) -> Tenant:
    return await service.tenant()


@pytest.fixture
async def owner(service: LinksService, tenant: Tenant) -> Someone:
    return await someone(service, tenant)


def new(email: str = "new@example.com", **over: Any) -> dict[str, Any]:
    return {"email": email, "name": "New One", "role": "staff"} | over


async def accept(service: LinksService, invitation: str, password: str = PASSWORD) -> Any:
    body = {"invitation": invitation, "password": password}
    return await client_of(service).post("/v1/login/invitation", json=body)


async def test_a_member_with_a_first_password_signs_in_at_once(service: LinksService, owner: Someone) -> None:
    made = await owner.client.post(MEMBERS, json=new(password=PASSWORD))
    assert (made.status_code, made.json()["status"], made.json()["invitation"]) == (201, "active", None)
    them = Someone(service, made.json()["id"], "NEW@example.com", PASSWORD)
    assert (await them.sign_in())["member"]["role"] == "staff"


async def test_an_invitation_is_shown_once_and_works_once(service: LinksService, owner: Someone) -> None:
    key = {"Idempotency-Key": "invite-1"}
    made = await owner.client.post(MEMBERS, json=new(), headers=key)
    again = await owner.client.post(MEMBERS, json=new(), headers=key)
    assert (made.json()["status"], again.json()) == ("invited", made.json())
    invitation = made.json()["invitation"]
    read = (await owner.client.get(f"{MEMBERS}/{made.json()['id']}")).json()
    assert "invitation" not in read
    assert (await accept(service, invitation, "short")).json()["code"] == "invalid"
    joined = await accept(service, invitation)
    assert (joined.status_code, joined.json()["member"]["role"]) == (201, "staff")
    me = await client_of(service).get("/v1/me", headers={"Authorization": f"Bearer {joined.json()['token']}"})
    assert me.json()["member"]["status"] == "active"
    for bad in (invitation, "pli_" + "x" * 43, "x"):
        refused = await accept(service, bad)
        assert (refused.status_code, refused.json()["code"]) == (409, "invitation_ended")


async def test_an_invitation_ends_after_a_week_or_when_it_is_withdrawn(service: LinksService, owner: Someone) -> None:
    first = (await owner.client.post(MEMBERS, json=new())).json()
    second = (await owner.client.post(MEMBERS, json=new("other@example.com"))).json()
    assert (await owner.client.delete(f"{MEMBERS}/{second['id']}")).status_code == 200
    assert (await accept(service, second["invitation"])).status_code == 409
    service.ahead = timedelta(days=7, minutes=1)
    assert (await accept(service, first["invitation"])).status_code == 409


async def test_who_is_only_invited_cannot_sign_in(service: LinksService, tenant: Tenant, owner: Someone) -> None:
    other = await someone(service, await service.tenant())
    await owner.client.post(MEMBERS, json=new(other.email))
    body = {"email": other.email, "password": other.password, "organization_id": str(tenant.organization.id)}
    assert (await client_of(service).post("/v1/login", json=body)).status_code == 401


async def test_somebody_with_a_password_joins_a_second_organization_with_it(
    service: LinksService, tenant: Tenant, owner: Someone
) -> None:
    other = await someone(service, await service.tenant())
    taken = await owner.client.post(MEMBERS, json=new(other.email, password="seven loud mountains"))
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    invitation = (await owner.client.post(MEMBERS, json=new(other.email))).json()["invitation"]
    assert (await accept(service, invitation, "seven loud mountains")).json()["code"] == "sign_in_refused"
    assert (await accept(service, invitation, other.password)).status_code == 201
    there = await other.sign_in(organization_id=str(tenant.organization.id))
    assert there["organization"]["id"] == str(tenant.organization.id)
    assert (await other.sign_in())["organization"]["id"] != str(tenant.organization.id)
    renamed = await owner.client.patch(f"{MEMBERS}/{other.id}", json={"name": "Mine"})
    assert (renamed.status_code, renamed.json()["scope"]) == (403, "name")


async def test_an_invitation_does_not_tell_what_somebody_is_called_elsewhere(
    service: LinksService, owner: Someone
) -> None:
    other = await someone(service, await service.tenant())
    known = (await other.client.get("/v1/me")).json()["member"]["name"]
    invited = await owner.client.post(MEMBERS, json=new(other.email, name="Whoever"))
    one, listed = await owner.client.get(f"{MEMBERS}/{other.id}"), await owner.client.get(MEMBERS)
    assert (invited.json()["name"], one.json()["name"], listed.json()["data"][0]["id"]) == (
        other.email,
        other.email,
        invited.json()["id"],
    )
    assert listed.json()["data"][0]["name"] == other.email
    assert known not in invited.text + one.text
    assert (await accept(service, invited.json()["invitation"], other.password)).status_code == 201
    assert (await owner.client.get(f"{MEMBERS}/{other.id}")).json()["name"] == known


async def test_the_same_address_is_a_member_once(owner: Someone) -> None:
    await owner.client.post(MEMBERS, json=new())
    for body in (new(), new("NEW@Example.com"), new(password=PASSWORD)):
        again = await owner.client.post(MEMBERS, json=body)
        assert (again.status_code, again.json()["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"name": " "}, "name"),
        ({"password": "aaaaaaaaaaaa"}, "password"),
        ({"role": "king"}, "role"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_a_member_that_cannot_be_is_refused_with_the_field(
    owner: Someone, over: dict[str, Any], field: str
) -> None:
    refused = await owner.client.post(MEMBERS, json=new() | over)
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "invalid", field)


async def test_the_list_is_newest_first_by_cursor(service: LinksService, tenant: Tenant, owner: Someone) -> None:
    ids = [owner.id] + [
        (await owner.client.post(MEMBERS, json=new(f"m{n}@example.com"))).json()["id"] for n in range(3)
    ]
    first = (await tenant.client.get(MEMBERS, params={"limit": 3})).json()
    rest = (await tenant.client.get(MEMBERS, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [member["id"] for member in first["data"] + rest["data"]] == ids[::-1]
    assert (first["has_more"], rest["has_more"]) == (True, False)


async def test_a_member_of_another_organization_does_not_exist(service: LinksService, owner: Someone) -> None:
    other = await someone(service, await service.tenant())
    url = f"{MEMBERS}/{other.id}"
    for answer in (
        await owner.client.get(url),
        await owner.client.patch(url, json={"role": "viewer"}),
        await owner.client.delete(url),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert other.id not in (await owner.client.get(MEMBERS)).text
    organization = (await other.client.get("/v1/me")).json()["organization"]["id"]
    assert (await owner.client.get(f"/v1/organizations/{organization}")).status_code == 404


async def test_the_last_owner_neither_leaves_nor_is_demoted(
    service: LinksService, tenant: Tenant, owner: Someone
) -> None:
    url = f"{MEMBERS}/{owner.id}"
    await owner.client.post(MEMBERS, json=new(role="owner"))  # who is only invited does not count
    for answer in (
        await owner.client.patch(url, json={"role": "admin"}),
        await owner.client.delete(url),
        await tenant.client.delete(url),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    second = await someone(service, tenant, "owner")
    assert (await owner.client.patch(url, json={"role": "viewer"})).json()["role"] == "viewer"
    assert (await owner.client.get(MEMBERS)).status_code == 200
    assert (await owner.client.patch(url, json={"role": "owner"})).status_code == 403
    assert (await second.client.delete(f"{MEMBERS}/{second.id}")).status_code == 409


async def test_an_admin_manages_everybody_but_owners(service: LinksService, tenant: Tenant, owner: Someone) -> None:
    admin, staff = await someone(service, tenant, "admin"), await someone(service, tenant, "staff")
    assert (await admin.client.patch(f"{MEMBERS}/{staff.id}", json={"role": "viewer"})).status_code == 200
    for refused in (
        await admin.client.post(MEMBERS, json=new(role="owner")),
        await admin.client.patch(f"{MEMBERS}/{admin.id}", json={"role": "owner"}),
        await admin.client.patch(f"{MEMBERS}/{owner.id}", json={"role": "viewer"}),
        await admin.client.delete(f"{MEMBERS}/{owner.id}"),
    ):
        assert (refused.status_code, refused.json()["scope"]) == (403, "owner")
    assert (await staff.client.post(MEMBERS, json=new())).status_code == 403


async def test_a_key_makes_no_member_who_may_do_more(service: LinksService) -> None:
    narrow = await service.tenant(scopes=("members:write", "members:read"))
    refused = await narrow.client.post(MEMBERS, json=new(role="viewer"))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_where_money_is_real_a_test_key_makes_no_members(database: Database) -> None:
    async with links_service(await database("links"), test_mode=False) as service:
        tenant = await service.tenant()
        refused = await tenant.client.post(MEMBERS, json=new())
        live = await service.tenant(of=tenant.organization, livemode=True)
        made = await live.client.post(MEMBERS, json=new())
    assert (refused.status_code, refused.json()["scope"]) == (403, "livemode")
    assert made.status_code == 201


async def test_who_is_removed_or_demoted_loses_it_at_once(
    service: LinksService, tenant: Tenant, owner: Someone
) -> None:
    staff = await someone(service, tenant, "staff")
    await owner.client.patch(f"{MEMBERS}/{staff.id}", json={"role": "viewer"})
    assert (await staff.client.post("/v1/products", json={})).status_code == 403
    assert (await owner.client.delete(f"{MEMBERS}/{staff.id}")).json()["id"] == staff.id
    assert (await staff.client.get("/v1/me")).status_code == 401
    assert (
        await client_of(service).post("/v1/login", json={"email": staff.email, "password": staff.password})
    ).status_code == 401
    assert await service.pg.fetchval("SELECT count(*) FROM member WHERE email = $1", staff.email) == 0
