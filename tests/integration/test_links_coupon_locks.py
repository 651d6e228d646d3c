"""A merchant changes a coupon while buyers pay with it: neither waits for the other."""

import asyncio

from services.links.store import coupons
from shared.contracts.links import UseIsHeld
from tests.integration.test_links_coupons import a_coupon, counted
from tests.support.links import LinksService, Tenant


async def test_buyers_hold_a_redemption_while_the_coupon_is_being_changed(service: LinksService, shop: Tenant) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop, redemptions_max=5)
    org_id = shop.organization.id
    async with service.pg.transaction() as tx:
        assert await coupons.lock(tx, coupon, org_id=org_id, livemode=False) is not None
        _, reply = await asyncio.wait_for(service.hold(link, shop, coupon_id=coupon), 2)
    assert isinstance(reply, UseIsHeld)
    assert await counted(service, coupon) == (0, 1)


async def test_a_cap_that_is_changed_while_buyers_hold_under_it_locks_nobody_out(
    service: LinksService, shop: Tenant
) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop, redemptions_max=50)
    changes = [shop.client.patch(f"/v1/coupons/{coupon}", json={"redemptions_max": 60 + n}) for n in range(15)]
    holds = [service.hold(link, shop, coupon_id=coupon) for _ in range(15)]
    answers, replies = await asyncio.gather(asyncio.gather(*changes), asyncio.gather(*holds))
    assert {answer.status_code for answer in answers} == {200}
    assert all(isinstance(reply, UseIsHeld) for _, reply in replies)
    assert await counted(service, coupon) == (0, 15)
