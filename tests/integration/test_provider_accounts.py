"""What a merchant connects, over HTTP: accounts, their credentials, and who may see them."""

from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.support.checkout import eventually
from tests.support.merchants import CREDENTIALS, EchoRig, echo_rig

__all__ = ["echo_rig"]
ACCOUNTS = "/v1/provider-accounts"
OTHER = {"api_key": "ek_zzzzzzzzzzzzzz9", "webhook_secret": "es_zzzzzzzzzzzzzz9"}


async def test_the_providers_that_can_be_connected_say_what_they_need(echo_rig: EchoRig) -> None:
    listed = (await echo_rig.shop().api.get("/v1/providers")).json()["data"]
    names = ["echo", "echo_too", "flutterwave", "mtn", "stripe", "wave"]
    assert [one["name"] for one in listed] == names, "and not the sandbox, which is always there"
    echo = listed[0]
    assert echo["takes"] == {"mobile_money": ["RWF", "UGX"], "card": None}
    assert echo["callback_url"] == f"{echo_rig.url}/callbacks/echo/{{account}}"
    assert [(one["name"], one["secret"]) for one in echo["credentials"]] == [
        ("api_key", True),
        ("webhook_secret", True),
    ]


async def test_an_account_is_shown_without_its_secrets_and_kept_sealed(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    made = await shop.connect(label="Main", currencies=["UGX"], priority=5)
    assert made["credentials"] == [{"name": "api_key", "last4": "abcd"}, {"name": "webhook_secret", "last4": "abcd"}]
    assert made["takes"] == {"mobile_money": ["UGX"], "card": ["UGX"]}
    assert (made["status"], made["availability"], made["livemode"], made["priority"]) == ("active", "closed", False, 5)
    read = await shop.api.get(f"{ACCOUNTS}/{made['id']}")
    listed = await shop.api.get(ACCOUNTS, params={"provider": "echo", "limit": 1})
    assert read.json() == made == listed.json()["data"][0]
    for text in (read.text, listed.text):
        assert CREDENTIALS["api_key"] not in text
    row = await echo_rig.pg.fetchrow(
        "SELECT * FROM provider_account WHERE external_id = $1", made["id"].replace("-", "")
    )
    assert row is not None
    assert CREDENTIALS["api_key"].encode() not in row["credentials"]
    assert row["key_id"]
    fact = await echo_rig.pg.fetchval(
        "SELECT convert_from(data, 'UTF8') FROM outbox WHERE type = 'checkout.provider_account.connected' "
        "ORDER BY position DESC LIMIT 1"
    )
    assert '"takes":[{"method":"mobile_money","currencies":["UGX"]}' in fact
    assert "ek_" not in fact


async def test_connecting_twice_with_one_key_makes_one_account(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    body = {"provider": "echo", "credentials": CREDENTIALS}
    headers = {"idempotency-key": "connect-1"}
    first = await shop.api.post(ACCOUNTS, json=body, headers=headers)
    again = await shop.api.post(ACCOUNTS, json=body, headers=headers)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    other = await shop.api.post(ACCOUNTS, json=body | {"priority": 1}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert len((await shop.api.get(ACCOUNTS)).json()["data"]) == 1


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": "sandbox"}, "provider"),
        ({"credentials": {"api_key": CREDENTIALS["api_key"]}}, "credentials.webhook_secret"),
        ({"credentials": CREDENTIALS | {"api_key": "sk_live_0123456789"}}, "credentials.api_key"),
        ({"credentials": CREDENTIALS | {"pin": "1234"}}, "credentials.pin"),
        ({"methods": ["ussd"]}, "methods"),
        ({"methods": ["mobile_money"], "currencies": ["XOF"]}, "currencies"),
        ({"priority": 2**70}, "priority"),
        ({"label": "two\nlines"}, "label"),
        ({"color": "red"}, None),
    ],
)
async def test_what_does_not_fit_the_provider_is_refused_by_its_field(
    echo_rig: EchoRig, over: dict[str, Any], field: str | None
) -> None:
    body = {"provider": "echo", "credentials": CREDENTIALS} | over
    answer = await echo_rig.shop().api.post(ACCOUNTS, json=body)
    assert answer.status_code == 400, answer.text
    assert field is None or answer.json()["field"] == field
    assert CREDENTIALS["webhook_secret"] not in answer.text


async def test_an_account_of_somebody_else_or_of_the_other_mode_is_not_there(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    made = await shop.connect()
    strangers = (echo_rig.keys.merchant(), echo_rig.keys.merchant(shop.org_id, livemode=True))
    for stranger in strangers:
        path = f"{ACCOUNTS}/{made['id']}"
        for answer in (
            await stranger.get(path),
            await stranger.patch(path, json={"priority": 1}),
            await stranger.post(f"{path}/rotate", json={"credentials": OTHER}),
            await stranger.delete(path),
            await stranger.get(f"{ACCOUNTS}/route", params={"link": shop.link.slug, "method": "card"}),
        ):
            assert answer.status_code == 404, answer.text
        assert (await stranger.get(ACCOUNTS)).json()["data"] == []
    assert (await shop.api.get(f"{ACCOUNTS}/{new_id()}")).status_code == 404
    assert (await shop.api.get(f"{ACCOUNTS}/{made['id']}")).json() == made


async def test_a_key_without_the_scope_may_not(echo_rig: EchoRig) -> None:
    reader = echo_rig.keys.merchant(scopes=("providers:read",))
    body = {"provider": "echo", "credentials": CREDENTIALS}
    assert (await reader.post(ACCOUNTS, json=body)).status_code == 403
    assert (await reader.get("/v1/providers")).status_code == 200
    nobody = echo_rig.keys.merchant(scopes=())
    for path in (ACCOUNTS, "/v1/providers", "/v1/callbacks", "/v1/reconciliations"):
        assert (await nobody.get(path)).status_code == 403
        assert (await echo_rig.http.get(path)).status_code == 401


async def test_a_patch_changes_what_it_names_and_null_takes_a_bound_away(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    made = await shop.connect(label="Main", currencies=["UGX"], methods=["mobile_money"])
    path = f"{ACCOUNTS}/{made['id']}"
    changed = (await shop.api.patch(path, json={"currencies": None, "label": "Second"})).json()
    assert (changed["label"], changed["takes"]) == ("Second", {"mobile_money": ["RWF", "UGX"]})
    assert changed["version"] == made["version"] + 1
    disabled = (await shop.api.patch(path, json={"disabled": True})).json()
    assert disabled["status"] == "disabled"
    refused = await shop.api.patch(path, json={"methods": ["bank_transfer"]})
    assert (refused.status_code, refused.json()["field"]) == (400, "methods")
    assert (await shop.api.get(path)).json()["methods"] == ["mobile_money"]


async def test_an_account_is_deleted_only_while_no_charge_was_made_with_it(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    unused, used = await shop.connect(priority=50), await shop.connect(priority=1)
    assert (await shop.pay("+256771000101"))[1].status_code == 202
    refused = await shop.api.delete(f"{ACCOUNTS}/{used['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "provider_account_in_use")
    assert (await shop.api.delete(f"{ACCOUNTS}/{unused['id']}")).status_code == 204
    assert (await shop.api.get(f"{ACCOUNTS}/{unused['id']}")).status_code == 404
    sealed = await echo_rig.pg.fetchval(
        "SELECT credentials FROM provider_account WHERE external_id = $1", unused["id"].replace("-", "")
    )
    assert sealed == b"", "nothing is left of its secrets"


async def test_after_a_rotation_the_old_secret_signs_callbacks_only_as_long_as_was_said(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    made = await shop.connect()
    path = f"{ACCOUNTS}/{made['id']}"
    session, _ = await shop.pay("+256771000102")
    rotated = await shop.api.post(f"{path}/rotate", json={"credentials": OTHER, "overlap_hours": 2})
    assert [one["last4"] for one in rotated.json()["credentials"]] == ["zzz9", "zzz9"]
    assert rotated.json()["old_credentials_until"] is not None
    assert (await shop.callback(session, "succeeded")).status_code == 200
    await echo_rig.until(session, "paid")
    again, _ = await shop.pay("+256771000103")
    assert echo_rig.echo.keys[-1] == OTHER["api_key"], "the new key asks"
    await shop.api.post(f"{path}/rotate", json={"credentials": CREDENTIALS, "overlap_hours": 0})
    assert (await shop.callback(again, "succeeded", secret=OTHER["webhook_secret"])).status_code == 401
    assert (await shop.callback(again, "succeeded")).status_code == 200
    await echo_rig.until(again, "paid")


async def test_another_replica_hears_of_a_change_at_once(echo_rig: EchoRig) -> None:
    other = await echo_rig.replica()
    shop = echo_rig.shop(livemode=True)
    path = f"/v1/checkout/{shop.link.slug}"
    refused = await other.get(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "provider_not_connected")
    made = await shop.connect()

    async def payable() -> bool:
        return (await other.get(path)).status_code == 200

    await eventually(payable)
    assert (await other.get(path)).json()["methods"] == ["mobile_money", "card"]
    await shop.api.patch(f"{ACCOUNTS}/{made['id']}", json={"disabled": True})

    async def refused_again() -> bool:
        return (await other.get(path)).status_code == 409

    await eventually(refused_again)
