"""A merchant changes a price while a buyer looks at it: nobody is charged what they have not seen."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import re
from typing import Any

import httpx
import msgspec
import pytest

from shared.contracts.links import CouponFound, FixedView, LinkUpdated, LinkView, OpenView
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.checkout import WAITS, Rig, a_link, eventually, rig  # noqa: F401 - a fixture

DEARER = FixedView(Money(90_000, "UGX"))
MEANS = {"method": "card", "card_token": "tok_visa"}
COUPON = CouponFound(coupon_id=new_id(), code="WELCOME10", percent_bps=1_000)


async def page_of(rig: Rig, slug: str, **query: str) -> dict[str, str]:
    """What the form on the page sends by itself."""
    page = (await rig.http.get(f"/checkout/{slug}", params=query)).text
    return hidden(page)


def hidden(page: str) -> dict[str, str]:
    form = page[page.index('id="pay"') :]
    return dict(re.findall(r'type="hidden" name="(attempt|currency|coupon|seen)" value="([^"]*)"', form))


async def repriced(rig: Rig, link: LinkView, pricing: Any) -> None:
    changed = rig.links.add(msgspec.structs.replace(link, pricing=pricing, revision=link.revision + 1))
    await rig.links.tell(LinkUpdated(org_id=link.org_id, link_id=link.id, link=changed))

    async def known() -> bool:
        shown = (await rig.http.get(f"/v1/checkout/{link.slug}")).json()
        return shown["pricing"]["type"] != "fixed" or shown["total"]["amount_minor"] == changed.pricing.total.minor

    await eventually(known, seconds=5)


async def send(rig: Rig, link: LinkView, **fields: str) -> httpx.Response:
    return await rig.http.post(f"/checkout/{link.slug}", data=MEANS | fields)


async def charged(rig: Rig, link: LinkView) -> list[int]:
    rows = await rig.pg.fetch("SELECT total_minor FROM charge WHERE link_id = $1 ORDER BY id", link.id)
    return [row["total_minor"] for row in rows]


async def test_who_saw_the_old_price_is_shown_the_new_one_before_anything_is_charged(rig: Rig) -> None:
    link = rig.links.add(a_link("dearer"))
    seen = await page_of(rig, "dearer")
    await repriced(rig, link, DEARER)
    again = await send(rig, link, **seen)
    assert (again.status_code, await charged(rig, link)) == (422, [])
    assert "The price has changed" in again.text
    assert "90,000" in again.text
    assert (await send(rig, link, **hidden(again.text))).status_code == 303
    assert await charged(rig, link) == [90_000]


async def test_who_sends_the_same_form_twice_pays_what_they_saw(rig: Rig) -> None:
    link = rig.links.add(a_link("twice"))
    by_phone = {"method": "mobile_money", "mobile_country": "UG", "mobile_phone": WAITS}
    seen = await page_of(rig, "twice") | by_phone
    assert (await send(rig, link, **seen)).status_code == 303
    await repriced(rig, link, DEARER)
    assert (await send(rig, link, **seen)).status_code == 303
    assert await charged(rig, link) == [50_000]


async def test_a_coupon_that_takes_less_off_by_now_charges_nobody_unseen(rig: Rig) -> None:
    link = rig.links.add(a_link("coupon-less", coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = COUPON
    shown = await rig.http.post("/checkout/coupon-less", data={"apply": "coupon", "coupon": "WELCOME10"})
    seen = hidden((await rig.http.get(shown.headers["location"])).text if shown.is_redirect else shown.text)
    assert seen["seen"] == "45000 UGX"
    rig.links.coupons["WELCOME10"] = msgspec.structs.replace(COUPON, percent_bps=500)
    again = await send(rig, link, **seen)
    assert (again.status_code, await charged(rig, link)) == (422, [])
    assert hidden(again.text)["seen"] == "47500 UGX"
    assert (await send(rig, link, **hidden(again.text))).status_code == 303
    assert await charged(rig, link) == [47_500]


async def test_an_amount_that_was_typed_is_not_taken_for_a_price_that_was_set_since(rig: Rig) -> None:
    link = rig.links.add(a_link("was-open", pricing=OpenView("UGX")))
    seen = await page_of(rig, "was-open")
    changed = rig.links.add(msgspec.structs.replace(link, pricing=DEARER, revision=2))
    await rig.links.tell(LinkUpdated(org_id=link.org_id, link_id=link.id, link=changed))

    async def known() -> bool:
        return (await rig.http.get("/v1/checkout/was-open")).json()["pricing"]["type"] == "fixed"

    await eventually(known, seconds=5)
    again = await send(rig, link, amount="10000", **seen)
    assert (again.status_code, await charged(rig, link)) == (422, [])
    assert "The price has changed" in again.text


@pytest.mark.parametrize("seen", ["", "50000", "x UGX", "50000 UGX", "9" * 40 + " UGX"])
async def test_a_form_of_before_or_of_somebody_elses_making_is_no_fault(rig: Rig, seen: str) -> None:
    link = rig.links.add(a_link(f"forms-{new_id().hex[-12:]}"))
    assert (await send(rig, link, seen=seen)).status_code == 303
    assert await charged(rig, link) == [50_000]
