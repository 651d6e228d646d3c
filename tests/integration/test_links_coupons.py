"""A coupon's redemption goes with the use of the link: never over its cap, given back when the payment fails."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.links.use_cases.find_coupon import find_coupon
from services.links.use_cases.lapse_holds import lapse_holds
from services.links.use_cases.read_links import find_for_checkout
from shared.contracts.checkout import SessionExpired
from shared.contracts.links import (
    CouponFound,
    CouponIsRefused,
    CouponMissing,
    FindCoupon,
    FindLink,
    LinkFound,
    LinkMissing,
    UseIsHeld,
)
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.links import LinksService, Tenant, links_service
from tests.support.uses import TOTAL, release, settle, take_in, uses

PERCENT = {"type": "percent", "basis_points": 1_000}
SUBTOTAL = Money(50_000, "UGX")


async def a_coupon(shop: Tenant, **fields: Any) -> UUID:
    answer = await shop.client.post("/v1/coupons", json={"code": "WELCOME10", "discount": PERCENT} | fields)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def counted(service: LinksService, coupon_id: UUID) -> tuple[int, int]:
    row = await service.pg.fetchrow("SELECT redeemed, held FROM coupon_uses WHERE coupon_id = $1", coupon_id)
    assert row is not None
    return row["redeemed"], row["held"]


async def test_of_thirty_buyers_of_three_redemptions_exactly_three_pay(service: LinksService, shop: Tenant) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop, redemptions_max=3)
    async with links_service(service.runtime.settings.postgres_dsn) as second:
        pairs = [(service if n % 2 else second).hold(link, shop, coupon_id=coupon) for n in range(30)]
        replies = await asyncio.gather(*pairs)
    held = [ask for ask, reply in replies if isinstance(reply, UseIsHeld)]
    refused = [reply for _, reply in replies if isinstance(reply, CouponIsRefused)]
    assert (len(held), len(refused), {reply.reason for reply in refused}) == (3, 27, {"used_up"})
    assert (await counted(service, coupon), await uses(shop, link)) == ((0, 3), (0, 3))
    await asyncio.gather(*(settle(service, ask) for ask in held for _ in range(2)))
    assert (await counted(service, coupon), await uses(shop, link)) == ((3, 0), (3, 0))
    _, without = await service.hold(link, shop)
    assert isinstance(without, UseIsHeld)


async def test_the_cap_holds_across_links_that_share_a_coupon(service: LinksService, shop: Tenant) -> None:
    coupon = await a_coupon(shop, redemptions_max=3)
    links = [await shop.make(coupons_allowed=True) for _ in range(3)]
    replies = await asyncio.gather(*(service.hold(links[n % 3], shop, coupon_id=coupon) for n in range(30)))
    assert sum(isinstance(reply, UseIsHeld) for _, reply in replies) == 3
    assert await counted(service, coupon) == (0, 3)


@pytest.mark.parametrize("how", ["failed", "lapsed", "abandoned"])
async def test_a_payment_that_comes_to_nothing_gives_the_redemption_back(
    service: LinksService, shop: Tenant, how: str
) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop, redemptions_max=1)
    ask, _ = await service.hold(link, shop, coupon_id=coupon)
    assert await counted(service, coupon) == (0, 1)
    match how:
        case "failed":
            await release(service, ask)
        case "lapsed":
            service.ahead = timedelta(minutes=20)
            await lapse_holds(service.pg, now=service.now())
        case _:
            over = SessionExpired(org_id=ask.org_id, link_id=ask.link_id, session_id=ask.session_id, total=TOTAL)
            await take_in(service, over)
    assert (await counted(service, coupon), await uses(shop, link)) == ((0, 0), (0, 0))
    _, next_buyer = await service.hold(link, shop, coupon_id=coupon)
    assert isinstance(next_buyer, UseIsHeld)


async def test_a_session_that_tries_again_holds_one_redemption(service: LinksService, shop: Tenant) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop, redemptions_max=1)
    first, _ = await service.hold(link, shop, coupon_id=coupon)
    second, reply = await service.hold(link, shop, session_id=first.session_id, coupon_id=coupon)
    assert isinstance(reply, UseIsHeld)
    await release(service, first)
    assert await counted(service, coupon) == (0, 1)
    await settle(service, second)
    assert await counted(service, coupon) == (1, 0)


async def test_money_that_comes_after_the_last_redemption_is_put_aside(service: LinksService, shop: Tenant) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop, redemptions_max=1)
    late, _ = await service.hold(link, shop, coupon_id=coupon)
    await release(service, late)
    in_time, _ = await service.hold(link, shop, coupon_id=coupon)
    await settle(service, in_time)
    assert (await settle(service, late)).state == "refused"
    assert (await counted(service, coupon), await uses(shop, link)) == ((1, 0), (1, 0))


async def test_late_money_redeems_when_there_is_room(service: LinksService, shop: Tenant) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop, redemptions_max=1)
    late, _ = await service.hold(link, shop, coupon_id=coupon)
    await release(service, late)
    assert (await settle(service, late)).state == "settled"
    assert await counted(service, coupon) == (1, 0)


async def test_a_link_without_room_takes_no_redemption(service: LinksService, shop: Tenant) -> None:
    link, coupon = await shop.make(coupons_allowed=True, uses_max=1), await a_coupon(shop)
    await service.hold(link, shop)
    await service.hold(link, shop, coupon_id=coupon)
    assert await counted(service, coupon) == (0, 0)


async def test_a_coupon_of_a_stranger_is_not_there(service: LinksService, shop: Tenant) -> None:
    link, stranger = await shop.make(coupons_allowed=True), await service.tenant()
    foreign = await a_coupon(stranger)
    for coupon_id in (foreign, new_id()):
        _, reply = await service.hold(link, shop, coupon_id=coupon_id)
        assert reply == CouponIsRefused("unknown")
    assert (await counted(service, foreign), await uses(shop, link)) == ((0, 0), (0, 0))


async def ask(service: LinksService, shop: Tenant, link: dict[str, Any], **over: Any) -> CouponFound | CouponMissing:
    fields: dict[str, Any] = {
        "org_id": shop.organization.id,
        "livemode": False,
        "link_id": UUID(link["id"]),
        "code": " welcome10",
        "subtotal": SUBTOTAL,
    }
    return await find_coupon(service.pg, FindCoupon(**fields | over), now=service.now())


async def test_a_coupon_is_found_however_it_is_written_with_what_it_takes_off(
    service: LinksService, shop: Tenant
) -> None:
    link, coupon = await shop.make(coupons_allowed=True), await a_coupon(shop)
    found = await ask(service, shop, link)
    assert isinstance(found, CouponFound)
    assert (found.coupon_id, found.code, found.percent_bps) == (coupon, "WELCOME10", 1_000)
    assert found.discount == Money(5_000, "UGX")
    without = await ask(service, shop, link, subtotal=None)
    assert isinstance(without, CouponFound)
    assert without.discount is None


async def test_why_a_coupon_takes_nothing_off(service: LinksService, shop: Tenant) -> None:
    link, plain = await shop.make(coupons_allowed=True), await shop.make()
    soon = (service.now() + timedelta(minutes=5)).isoformat()
    amount = {"type": "amount", "amount_minor": 60_000, "currency": "UGX"}
    await a_coupon(shop)
    await a_coupon(shop, code="SOON", expires_at=soon)
    await a_coupon(shop, code="LARGE", discount=amount)
    capped = await a_coupon(shop, code="ONCE", redemptions_max=1)
    off = await a_coupon(shop, code="OFF")
    assert (await shop.client.patch(f"/v1/coupons/{off}", json={"active": False})).status_code == 200
    await service.hold(link, shop, coupon_id=capped)
    stranger = await service.tenant()
    service.ahead = timedelta(minutes=6)
    for over, reason in (
        ({"code": "NOBODY"}, "unknown"),
        ({"code": "ünïcode"}, "unknown"),
        ({"code": "SOON"}, "expired"),
        ({"code": "OFF"}, "expired"),
        ({"code": "ONCE"}, "used_up"),
        ({"code": "LARGE"}, "leaves_nothing"),
        ({"code": "LARGE", "subtotal": Money(5, "USD")}, "other_currency"),
        ({"link_id": UUID(plain["id"])}, "not_allowed"),
        ({"org_id": stranger.organization.id}, "not_allowed"),
        ({"livemode": True}, "not_allowed"),
    ):
        assert await ask(service, shop, link, **over) == CouponMissing(reason), over


async def test_checkout_finds_a_link_by_id_and_hears_when_a_use_comes_free(service: LinksService, shop: Tenant) -> None:
    link = await shop.make(uses_max=2)
    by_id = FindLink(link_id=UUID(link["id"]))
    first, _ = await service.hold(link, shop)
    free = await find_for_checkout(service.pg, by_id)
    assert isinstance(free, LinkFound)
    assert (free.link.slug, free.held_until) == (link["slug"], None)
    await service.hold(link, shop, held_until=first.held_until + timedelta(hours=1))
    full = await find_for_checkout(service.pg, by_id)
    assert isinstance(full, LinkFound)
    assert full.held_until == first.held_until
    assert isinstance(await find_for_checkout(service.pg, FindLink(link_id=new_id())), LinkMissing)
