import pytest

from tests.conftest import Database
from tests.support.links import ROOT, LinksService, links_service


async def test_keys_that_are_not_quite_right_are_refused(service: LinksService) -> None:
    tenant = await service.tenant()
    good = tenant.bearer
    for bad in (
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace("_test_", "_live_"),
        good + "x",
        good.upper(),
        good[:30],
        "plk_test__",
        "x" * 500,
        "plk_test_" + "a" * 12 + "_" + "é" * 10,
    ):
        answer = await tenant.client.get(ROOT, headers={"Authorization": f"Bearer {bad}".encode()})
        assert answer.status_code == 401, bad
    assert (await tenant.client.get(ROOT, headers={"Authorization": f"Basic {good}"})).status_code == 401
    assert (await tenant.client.get(ROOT, headers={"Authorization": f"bearer {good}"})).status_code == 200
    tenant.client.headers.pop("Authorization")
    assert (await tenant.client.get(ROOT, headers={"X-API-Key": good})).status_code == 200


async def test_a_key_asks_too_often(database: Database) -> None:
    async with links_service(await database("links"), test_mode=False, rate_per_key_per_second=1) as service:
        tenant = await service.tenant()
        answers = [await tenant.client.get(ROOT) for _ in range(6)]
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_a_made_key_works_and_its_secret_is_shown_once(service: LinksService) -> None:
    tenant = await service.tenant()
    body = {"name": "Web shop", "scopes": ["links:read"]}
    made = (await tenant.client.post("/v1/api-keys", json=body)).json()
    assert made["secret"].startswith(made["prefix"])
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert (await tenant.client.get(ROOT, headers=headers)).status_code == 200
    assert (await tenant.client.post(ROOT, headers=headers, json={})).status_code == 403
    read = (await tenant.client.get(f"/v1/api-keys/{made['id']}")).json()
    assert "secret" not in read
    stored = await service.pg.fetchval("SELECT row_to_json(api_key)::text FROM api_key WHERE id = $1", made["id"])
    _, _, _, secret = made["secret"].split("_", 3)  # it may have underscores
    assert secret not in stored


async def test_a_key_cannot_make_one_that_may_do_more(service: LinksService) -> None:
    tenant = await service.tenant(scopes=("keys:write",))
    more = await tenant.client.post("/v1/api-keys", json={"name": "x", "scopes": ["links:write"]})
    live = await tenant.client.post("/v1/api-keys", json={"name": "x", "scopes": ["keys:write"], "livemode": True})
    assert (more.status_code, more.json()["scope"]) == (403, "links:write")
    assert (live.status_code, live.json()["scope"]) == (403, "livemode")


async def test_a_live_key_may_make_test_keys(service: LinksService) -> None:
    tenant = await service.tenant(livemode=True)
    body = {"name": "x", "scopes": ["links:read"], "livemode": False}
    made = (await tenant.client.post("/v1/api-keys", json=body)).json()
    assert made["secret"].startswith("plk_test_")


async def test_a_rotated_key_works_on_for_the_overlap_and_no_longer(service: LinksService) -> None:
    owner = await service.tenant()
    old = await service.tenant(of=owner.organization)
    url = f"/v1/api-keys/{old.key_id}/rotate"
    successor = (await owner.client.post(url, json={"overlap_seconds": 0})).json()
    assert (await old.client.get(ROOT)).status_code == 401
    new = {"Authorization": f"Bearer {successor['secret']}"}
    assert (await old.client.get(ROOT, headers=new)).status_code == 200
    again = await owner.client.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "key_ended")
    by_default = await owner.client.post(f"/v1/api-keys/{successor['id']}/rotate")
    assert by_default.status_code == 201
    assert (await old.client.get(ROOT, headers=new)).status_code == 200
    assert (await owner.client.get(f"/v1/api-keys/{successor['id']}")).json()["rotated_to"] == by_default.json()["id"]
    too_long = await owner.client.post(
        f"/v1/api-keys/{by_default.json()['id']}/rotate", json={"overlap_seconds": 10**9}
    )
    assert too_long.status_code == 400


async def test_a_revoked_key_stops_at_once(service: LinksService) -> None:
    owner = await service.tenant()
    other = await service.tenant(of=owner.organization)
    assert (await other.client.get(ROOT)).status_code == 200
    revoked = await owner.client.delete(f"/v1/api-keys/{other.key_id}")
    assert revoked.json()["revoked_at"] is not None
    assert (await other.client.get(ROOT)).status_code == 401
    assert (await owner.client.delete(f"/v1/api-keys/{other.key_id}")).json() == revoked.json()


@pytest.mark.parametrize("key_id", ["%00", "a%00b", "%FF", "x" * 300, "a'b"])
async def test_an_id_that_no_key_can_have_is_a_404(service: LinksService, key_id: str) -> None:
    tenant = await service.tenant()
    url = f"/v1/api-keys/{key_id}"
    answers = [
        await tenant.client.get(url),
        await tenant.client.delete(url),
        await tenant.client.post(f"{url}/rotate"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3


@pytest.mark.parametrize("cursor", ["AA", "_w", "AAAAAAAAAAAAAAAAAAAAAA", "é", "%00"])
async def test_a_cursor_that_no_list_of_keys_made_is_refused(service: LinksService, cursor: str) -> None:
    tenant = await service.tenant()
    assert (await tenant.client.get(f"/v1/api-keys?cursor={cursor}")).status_code == 400


async def test_when_a_key_was_used_last_is_written_in_batches(service: LinksService) -> None:
    tenant = await service.tenant()
    await tenant.client.get(ROOT)
    await service.app.state.surface.authenticator.mark_used()
    assert (await tenant.client.get(f"/v1/api-keys/{tenant.key_id}")).json()["last_used_at"] is not None
