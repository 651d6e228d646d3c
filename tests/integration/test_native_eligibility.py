from datetime import UTC, datetime, timedelta
from typing import Any

from services.links.use_cases.project_accounts import project_accounts
from shared.contracts.checkout import (
    ProviderAccountConnected,
    ProviderAccountDisconnected,
    ProviderAccountEvent,
    ProviderAccountUpdated,
    Taken,
)
from shared.contracts.envelope import Received, type_of
from shared.kernel.ids import new_id
from tests.support.links import ROOT, LinksService, Tenant


async def judged(shop: Tenant, link: dict[str, Any]) -> dict[str, Any]:
    answer = await shop.client.get(f"{ROOT}/{link['id']}/eligibility")
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(found: dict[str, Any]) -> list[str]:
    return [one["code"] for one in found["failing"]]


async def test_a_link_that_can_be_paid_fails_nothing(shop: Tenant) -> None:
    found = await judged(shop, await shop.make())
    assert (found["eligible"], found["failing"], found["state"]) == (True, [], "active")


async def test_every_rule_that_fails_is_told_with_its_beginning_and_a_next_step(service: LinksService) -> None:
    shop = await service.tenant(livemode=True)
    soon = datetime.now(UTC) + timedelta(seconds=60)
    link = await shop.make(uses_max=1, expires_at=soon.isoformat(), methods=["ussd"])
    await shop.client.post(f"{ROOT}/{link['id']}/pause")
    await service.pg.execute("UPDATE link_uses SET used = 1, exhausted_at = now()")
    ended = (await shop.client.delete(f"{ROOT}/{link['id']}")).json()["ended_at"]
    service.ahead = timedelta(minutes=5)
    found = await judged(shop, link)
    assert found["eligible"] is False
    assert codes(found) == ["archived", "expired", "exhausted", "paused", "no_payable_method"]
    by_code = {one["code"]: one for one in found["failing"]}
    assert by_code["archived"]["since"] == ended
    assert datetime.fromisoformat(by_code["expired"]["since"]) == soon
    assert all(by_code[code]["since"] for code in ("exhausted", "paused"))
    assert all(one["next_step"] and one["blocking"] for one in found["failing"])


async def test_uses_that_others_hold_say_when_to_try_again(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=1)
    ask, _ = await service.hold(link, shop)
    found = await judged(shop, link)
    assert codes(found) == ["all_held"]
    assert datetime.fromisoformat(found["failing"][0]["until"]) == ask.held_until


async def test_a_link_that_has_not_begun_says_when_it_will(shop: Tenant) -> None:
    found = await judged(shop, await shop.make(starts_at="2050-01-01T00:00:00Z"))
    assert (codes(found), found["failing"][0]["until"]) == (["not_started"], "2050-01-01T00:00:00Z")


async def test_an_archived_product_and_a_gate_are_told_and_keep_nobody_out(shop: Tenant) -> None:
    product = await shop.product()
    recipient = {"email": "amina@example.com"}
    pricing = {"type": "product", "product_id": product["id"]}
    link = await shop.make(pricing=pricing, recipient=recipient, gate="otp")
    await shop.client.delete(f"/v1/products/{product['id']}")
    found = await judged(shop, link)
    assert found["eligible"] is True
    assert codes(found) == ["product_archived", "recipient_unverified"]
    assert found["failing"][0]["about"] == product["id"]
    assert not any(one["blocking"] for one in found["failing"])


async def test_a_live_link_has_no_method_while_no_live_provider_is_connected(service: LinksService) -> None:
    live = await service.tenant(livemode=True)
    assert codes(await judged(live, await live.make())) == ["no_payable_method"]


async def test_only_its_organization_may_ask_and_with_no_parameters(service: LinksService, shop: Tenant) -> None:
    link, stranger = await shop.make(), await service.tenant()
    assert (await stranger.client.get(f"{ROOT}/{link['id']}/eligibility")).status_code == 404
    assert (await shop.client.get(f"{ROOT}/{link['id']}/eligibility?at=1")).status_code == 400


async def test_a_live_link_is_payable_once_an_account_takes_its_payment(service: LinksService) -> None:
    live = await service.tenant(livemode=True)
    link = await live.make(methods=["mobile_money"])
    assert codes(await judged(live, link)) == ["no_payable_method"]
    account = {"org_id": live.organization.id, "account_id": new_id(), "provider": "mtn", "livemode": True}
    ugx = (Taken("mobile_money", ("UGX",)),)
    cases: list[tuple[ProviderAccountEvent, bool]] = [
        (ProviderAccountConnected(**account, version=1, takes=(Taken("mobile_money", ("RWF",)),)), False),
        (ProviderAccountUpdated(**account, version=3, takes=ugx), True),
        (ProviderAccountUpdated(**account, version=2, takes=()), True),  # older, and late
        (ProviderAccountDisconnected(**account, version=4, takes=()), False),
        (ProviderAccountUpdated(**account, version=5, takes=(Taken("mobile_money"),)), True),
    ]
    for event, payable in cases:
        async with service.pg.transaction() as tx:
            received = [Received(new_id(), type_of(type(event)), service.now(), None, None, event)]
            await project_accounts(tx, received)
        assert (codes(await judged(live, link)) == []) is payable, event
    other = await live.make(methods=["mobile_money"], providers=["flutterwave"])
    assert codes(await judged(live, other)) == ["no_payable_method"], "the account is not one that the link names"
    stranger = await service.tenant(livemode=True)
    assert codes(await judged(stranger, await stranger.make(methods=["mobile_money"]))) == ["no_payable_method"]
