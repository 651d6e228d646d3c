"""A buyer whose money waits for a decision, or goes back, sees it: on the page and over JSON."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import html
import re
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from shared.kernel.ids import new_id
from tests.support.checkout import Rig, eventually, rig  # noqa: F401 - a fixture
from tests.support.refunds import Shop

TOTAL = 50_000
THANKS = "https://kampala.example/thanks"
COLUMNS = ("review", "refunding", "refunded", "charged_back")
ALREADY_PAID = "You already paid this"


class Buyer:
    """One who has paid 50,000 UGX, and what their page and their app say of it."""

    def __init__(self, rig: Rig, shop: Shop, session: dict[str, Any], charge: str) -> None:
        self.rig, self.shop, self.session, self.charge = rig, shop, session, charge

    @classmethod
    async def paid(cls, rig: Rig) -> "Buyer":
        shop = Shop(rig)
        shop.link = rig.links.add(replace(shop.link, success_url=THANKS))
        session = await rig.open(shop.link.slug)
        await rig.pay(session, method="card", card_token="tok_visa")
        return cls(rig, shop, session, await shop.charge_of(session))

    async def told(self) -> dict[str, Any]:
        shown = await self.rig.read(self.session)
        assert (shown["status"], shown["next_action"]) == ("paid", {"type": "none"})
        return {name: shown[name] for name in COLUMNS if shown[name] is not None}

    async def page(self) -> str:
        """Its text; the address to go on to stands in it, where there is one."""
        cookie = f"paylinks_session={self.session['token']}"
        answer = await self.rig.http.get(f"/checkout/sessions/{self.session['id']}", headers={"cookie": cookie})
        assert answer.status_code == 200, answer.text
        receipt = (await self.rig.read(self.session))["receipt"]["number"]
        assert receipt in answer.text
        assert "data-print" in answer.text
        main = re.sub(r'<a [^>]*href="([^"]*)"[^>]*>', r" \1 ", answer.text[answer.text.index("<main") :])
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())

    async def review(self) -> None:
        await self.shop.refused_use(self.charge, "review")

        async def open_() -> bool:
            return (await self.told()).get("review") == "open"

        await eventually(open_, seconds=10)

    async def give_back(self, amount: int | None, status: str) -> str:
        """The provider's id of the refund."""
        refund = (await self.shop.refund(self.charge, amount)).json()
        await self.shop.until(refund["id"], status)
        return await self.rig.pg.fetchval("SELECT provider_id FROM refund WHERE id = $1", UUID(refund["id"]))

    async def dispute(self, status: str, amount: int = TOTAL) -> None:
        body = {"status": status, "amount": amount}
        payment = await self.shop.payment_id(self.charge)
        (await self.rig.control.post(f"/control/payments/{payment}/dispute", json=body)).raise_for_status()
        known = "SELECT count(*) = 1 FROM dispute WHERE charge_id = $1 AND status = $2"

        async def written() -> bool:
            return await self.rig.pg.fetchval(known, UUID(self.charge), status)

        await eventually(written, seconds=10)


def ugx(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "UGX"}


async def test_a_payment_that_is_kept_says_nothing_of_reviews_and_refunds(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    assert await buyer.told() == {}
    page = await buyer.page()
    assert "Payment received UGX 50,000" in page
    assert THANKS in page
    assert "Given back" not in page


async def test_money_under_review_is_to_be_confirmed_until_somebody_keeps_it(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    await buyer.review()
    page = await buyer.page()
    assert "Payment received, to be confirmed The money arrived after this link had closed." in page
    assert THANKS not in page
    assert "Start again" not in page
    await buyer.shop.post(f"/v1/charges/{buyer.charge}/accept")
    assert await buyer.told() == {}
    page = await buyer.page()
    assert "Payment received UGX 50,000" in page
    assert THANKS in page


async def test_money_under_review_that_is_given_back_says_so_on_its_receipt(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    await buyer.review()
    await buyer.shop.post(f"/v1/charges/{buyer.charge}/refund")

    async def back() -> bool:
        return await buyer.told() == {"refunded": ugx(TOTAL)}

    await eventually(back, seconds=10)
    page = await buyer.page()
    assert "Your money went back" in page
    assert re.search(r"Amount UGX 50,000 .*Given back UGX 50,000 \w+ \d+, \d{4}", page)
    assert THANKS not in page


async def test_a_part_that_went_back_is_a_line_on_the_receipt_and_one_that_failed_is_not(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    await buyer.give_back(10_001, "failed")
    assert await buyer.told() == {}
    assert "Given back" not in await buyer.page()
    for amount in (5_000, 1_500):
        await buyer.give_back(amount, "succeeded")
    assert await buyer.told() == {"refunded": ugx(6_500)}
    page = await buyer.page()
    assert "Payment received UGX 50,000" in page
    assert "Given back UGX 6,500" in page
    assert THANKS in page


async def test_the_whole_goes_back_then_is_back_and_is_kept_again_when_a_bank_returns_it(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    await buyer.give_back(39_998, "succeeded")
    last = await buyer.give_back(10_002, "pending")
    assert await buyer.told() == {"refunding": ugx(10_002), "refunded": ugx(39_998)}
    page = await buyer.page()
    assert "Your money is going back" in page
    assert "Given back UGX 39,998" in page
    assert THANKS not in page
    for status, told, heading in (
        ("succeeded", ugx(TOTAL), "Your money went back"),
        ("failed", ugx(39_998), "Payment received UGX 50,000"),
    ):
        await rig.control.post(f"/control/refunds/{last}/callback", json={"status": status})

        async def known(told: dict[str, Any] = told) -> bool:
            return await buyer.told() == {"refunded": told}

        await eventually(known, seconds=10)
        assert heading in await buyer.page()


async def test_a_payment_that_a_bank_took_back_says_so_once_the_dispute_is_lost(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    await buyer.dispute("open")
    assert await buyer.told() == {}
    assert "Payment received UGX 50,000" in await buyer.page()
    await buyer.dispute("lost")
    assert await buyer.told() == {"charged_back": ugx(TOTAL)}
    page = await buyer.page()
    assert "Your bank took this payment back" in page
    assert re.search(r"Amount UGX 50,000 .*Taken back by your bank UGX 50,000 \w+ \d+, \d{4}", page)
    assert THANKS not in page
    cookie = {"cookie": f"paylinks_paid_{buyer.session['id']}={buyer.session['token']}"}
    assert ALREADY_PAID not in (await rig.http.get(f"/checkout/{buyer.shop.link.slug}", headers=cookie)).text


async def test_a_dispute_that_is_won_says_nothing_and_one_lost_in_part_is_a_line(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    await buyer.dispute("open")
    await buyer.dispute("won")
    assert (await buyer.told(), "Taken back" in await buyer.page()) == ({}, False)
    buyer = await Buyer.paid(rig)
    await buyer.give_back(5_000, "succeeded")
    await buyer.dispute("lost", 20_000)
    assert await buyer.told() == {"refunded": ugx(5_000), "charged_back": ugx(20_000)}
    page = await buyer.page()
    for words in ("Payment received UGX 50,000", "Given back UGX 5,000", "Taken back by your bank UGX 20,000", THANKS):
        assert words in page


@pytest.mark.parametrize("whole", [True, False])
async def test_who_has_their_money_back_is_not_asked_about_paying_again(rig: Rig, whole: bool) -> None:  # noqa: FBT001
    buyer = await Buyer.paid(rig)
    cookie = {"cookie": f"paylinks_paid_{buyer.session['id']}={buyer.session['token']}"}
    path = f"/checkout/{buyer.shop.link.slug}"
    assert ALREADY_PAID in (await rig.http.get(path, headers=cookie)).text
    await buyer.give_back(None if whole else 5_000, "succeeded")
    assert (ALREADY_PAID in (await rig.http.get(path, headers=cookie)).text) is not whole


async def test_of_two_payments_the_one_that_is_kept_stands_for_the_session(rig: Rig) -> None:
    buyer = await Buyer.paid(rig)
    kept = await buyer.page()
    await rig.pg.execute(
        "INSERT INTO charge SELECT (jsonb_populate_record(charge, jsonb_build_object('id', $2::uuid, "
        "'reference', $2::text, 'provider_id', $2::text, 'review', 'open'))).* FROM charge WHERE id = $1",
        UUID(buyer.charge),
        str(new_id()),
    )
    assert (await buyer.told(), await buyer.page()) == ({}, kept)
