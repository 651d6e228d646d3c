"""Carts, plans and coupons at checkout, over JSON and as pages without a script."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import re
from typing import Any

import httpx
import pytest

from shared.contracts.links import (
    CartItemView,
    CartView,
    CouponFound,
    CouponIsRefused,
    CouponMissing,
    FlexibleView,
    PlanView,
)
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.checkout import PHONE, Rig, a_link, bearer, rig  # noqa: F401 - a fixture


def a_cart(currency: str = "USD", *, unit: int = 1_250, tax_minor: int = 450, **over: Any) -> CartView:
    item = CartItemView(
        name="Woven basket", unit=Money(unit, currency), quantity=2, tax_minor=tax_minor, tax_name="VAT 18 %"
    )
    total = Money(2 * unit + tax_minor, currency)
    return CartView(**{"items": (item,), "total": total, "tax_minor": tax_minor} | over)


CART = a_cart(also=(a_cart("EUR", unit=1_150, tax_minor=414),))
TEN_PERCENT = CouponFound(coupon_id=new_id(), code="WELCOME10", percent_bps=1_000)


def attempt_of(page: str) -> str:
    return re.findall(r'name="attempt" value="([^"]+)"', page)[0]


def said(page: httpx.Response) -> str | None:
    """What the buyer is led to and told about the coupon, with or without a script."""
    found = re.search(r'<p class="said" id="coupon-said" role="status" tabindex="-1" autofocus>(.*?)</p>', page.text)
    return re.sub(r"<[^>]*>", "", found[1]) if found else None


async def post(rig: Rig, path: str, **fields: str) -> httpx.Response:
    return await rig.http.post(path, data=fields)


async def test_a_cart_tells_its_lines_its_tax_and_its_other_currencies(rig: Rig) -> None:
    rig.links.add(a_link("cart", pricing=CART))
    shown = (await rig.http.get("/v1/checkout/cart")).json()
    assert shown["total"] == {"amount_minor": 2_950, "currency": "USD"}
    pricing = shown["pricing"]
    assert (pricing["type"], pricing["tax_mode"], pricing["tax_minor"]) == ("cart", "exclusive", 450)
    assert pricing["items"] == [
        {
            "name": "Woven basket", "description": None, "image_url": None, "quantity": 2, "unit_minor": 1_250,
            "tax_minor": 450, "tax_name": "VAT 18 %",
        }
    ]  # fmt: skip
    assert pricing["also"] == [{"amount_minor": 2_714, "currency": "EUR", "tax_minor": 414}]


async def test_a_session_of_a_cart_is_in_the_currency_that_the_buyer_names(rig: Rig) -> None:
    rig.links.add(a_link("cart-eur", pricing=CART))
    session = await rig.open("cart-eur", currency="EUR")
    assert session["total"] == {"amount_minor": 2_714, "currency": "EUR"}
    assert session["link"]["pricing"]["items"][0]["unit_minor"] == 1_150
    assert session["link"]["pricing"]["also"] == []
    assert (await rig.open("cart-eur"))["total"]["currency"] == "USD"
    refused = await rig.http.post("/v1/checkout/cart-eur/sessions", json={"currency": "KES"})
    assert (refused.status_code, refused.json()["field"]) == (400, "currency")


async def test_a_plan_tells_how_often(rig: Rig) -> None:
    rig.links.add(a_link("plan", pricing=PlanView(new_id(), "Water club", Money(10_000, "XOF"), "month")))
    assert (await rig.http.get("/v1/checkout/plan")).json()["pricing"] == {
        "type": "plan", "name": "Water club", "amount_minor": 10_000, "currency": "XOF", "interval": "month",
        "interval_count": 1,
    }  # fmt: skip
    page = (await rig.http.get("/checkout/plan")).text
    assert "every month" in page
    assert re.search(r"You pay the first \S+\s*CFA\s*10,000 now\.|You pay the first XOF\s*10,000 now\.", page)


async def test_the_page_of_a_cart_says_what_it_is_made_of_in_either_currency(rig: Rig) -> None:
    rig.links.add(a_link("cart-page", pricing=CART))
    for query, total, offered in (("", "$29.50", "?currency=EUR"), ("?currency=EUR", "€27.14", "?currency=USD")):
        page = (await rig.http.get(f"/checkout/cart-page{query}")).text
        assert f'<p class="total">{total}</p>' in page
        assert "plus VAT 18 %" in page
        assert f'href="{offered}"' in page
    strange = (await rig.http.get("/checkout/cart-page?currency=KES")).text
    assert '<p class="total">$29.50</p>' in strange


async def test_the_page_is_paid_in_the_currency_that_it_shows(rig: Rig) -> None:
    rig.links.add(a_link("cart-paid", pricing=CART))
    page = (await rig.http.get("/checkout/cart-paid?currency=EUR")).text
    assert '<input type="hidden" name="currency" value="EUR">' in page
    form = {"attempt": attempt_of(page), "method": "mobile_money", "mobile_phone": PHONE}
    answer = await post(rig, "/checkout/cart-paid", currency="EUR", **form)
    assert answer.status_code == 303, answer.text
    row = await rig.pg.fetchrow("SELECT total_minor, currency FROM session ORDER BY id DESC LIMIT 1")
    assert (row["total_minor"], row["currency"]) == (2_714, "EUR")
    bad = await post(rig, "/checkout/cart-paid", currency="KES", **form)
    assert bad.status_code == 422


async def test_a_coupon_is_taken_off_once_and_pinned_and_asked_for_with_the_use(rig: Rig) -> None:
    rig.links.add(a_link("coupon", coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    session = await rig.open("coupon", coupon_code="welcome10")
    assert session["total"] == {"amount_minor": 45_000, "currency": "UGX"}
    assert session["discount"] == {"code": "WELCOME10", "amount_minor": 5_000}
    rig.links.coupons["WELCOME10"] = CouponMissing("expired")
    try:
        await rig.pay(session, method="card", card_token="tok_visa")
    finally:
        rig.links.coupons.pop("WELCOME10")
    assert (await rig.read(session))["status"] == "paid"
    assert rig.links.asked[-1].coupon_id == TEN_PERCENT.coupon_id
    assert [payment["amount"] for payment in await rig.payments(session)] == [45_000]


@pytest.mark.parametrize("reason", ["unknown", "expired", "used_up", "other_currency", "leaves_nothing"])
async def test_a_coupon_that_takes_nothing_off_is_a_problem_and_a_page_error(rig: Rig, reason: Any) -> None:
    slug = f"coupon-{reason.replace('_', '-')}"
    rig.links.add(a_link(slug, coupons_allowed=True))
    rig.links.coupons["SUMMER"] = CouponMissing(reason)
    answer = await rig.http.post(f"/v1/checkout/{slug}/sessions", json={"coupon_code": "SUMMER"})
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "coupon_refused", reason)
    page = await post(rig, f"/checkout/{slug}", apply="coupon", coupon="summer")
    assert page.status_code == 422
    assert '<a href="#f-coupon">Coupon code:' in page.text
    assert "Fill this in." not in re.sub(r"data-\w+=\"[^\"]*\"", "", page.text)


async def test_codes_are_guessed_no_oftener_over_json_or_by_paying_than_by_asking(rig: Rig) -> None:
    rig.links.add(a_link("guessed", coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    form = {"method": "card", "card_token": "tok_visa", "pay_again": "on"}

    async def by_json(code: str, ip: str) -> int:
        body, headers = {"coupon_code": code}, {"x-forwarded-for": ip}
        return (await rig.http.post("/v1/checkout/guessed/sessions", json=body, headers=headers)).status_code

    async def by_paying(code: str, ip: str) -> int:
        data, headers = {**form, "coupon": code}, {"x-forwarded-for": ip}
        return (await rig.http.post("/checkout/guessed", data=data, headers=headers)).status_code

    for guess, ip in ((by_json, "203.0.113.201"), (by_paying, "203.0.113.202")):
        assert {await guess("WELCOME10", ip) for _ in range(35)} <= {201, 303}, "a code that is good costs nothing"
        wrong = [await guess(f"GUESS{n}", ip) for n in range(35)]
        assert (wrong[0] in {409, 422}, wrong[-1]) == (True, 429)
        assert await guess("WELCOME10", ip) == 429
        assert await guess("WELCOME10", "203.0.113.203") in {201, 303}


async def test_where_no_coupons_are_taken_there_is_no_field_and_a_code_is_refused(rig: Rig) -> None:
    rig.links.add(a_link("no-coupons"))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    assert 'name="coupon"' not in (await rig.http.get("/checkout/no-coupons")).text
    answer = await rig.http.post("/v1/checkout/no-coupons/sessions", json={"coupon_code": "WELCOME10"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "not_allowed")


async def test_applying_a_coupon_keeps_what_was_typed_and_lowers_the_total(rig: Rig) -> None:
    rig.links.add(a_link("apply", coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    page = await post(rig, "/checkout/apply", apply="coupon", coupon="welcome10", email="amina@example.com")
    assert page.status_code == 200
    for words in ('<p class="total">UGX\xa045,000</p>', "\N{MINUS SIGN}UGX\xa05,000", 'value="amina@example.com"'):
        assert words in page.text
    assert '<input type="hidden" name="coupon" value="WELCOME10">' in page.text
    assert said(page) == "WELCOME10: 10% off. You pay UGX\xa045,000."
    form = {"attempt": attempt_of(page.text), "method": "card", "card_token": "tok_visa", "coupon": "WELCOME10"}
    assert (await post(rig, "/checkout/apply", **form)).status_code == 303
    row = await rig.pg.fetchrow("SELECT total_minor, discount FROM session ORDER BY id DESC LIMIT 1")
    assert (row["total_minor"], "WELCOME10" in row["discount"]) == (45_000, True)


async def test_a_coupon_is_announced_when_it_is_asked_for_and_not_again(rig: Rig) -> None:
    rig.links.add(a_link("said", coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    assert said(await rig.http.get("/checkout/said")) is None
    none = await post(rig, "/checkout/said", apply="coupon", coupon="")
    assert (none.status_code, said(none)) == (200, "No coupon is used.")
    refused = await post(rig, "/checkout/said", apply="coupon", coupon="NOSUCH")
    assert (refused.status_code, said(refused), refused.text.count(" autofocus>")) == (422, None, 1)
    assert re.search(r'id="errors" role="alert" tabindex="-1" autofocus>.*#f-coupon', refused.text, re.DOTALL)
    elsewhere = await post(rig, "/checkout/said", coupon="WELCOME10", method="mobile_money", mobile_phone="1")
    assert (elsewhere.status_code, said(elsewhere), elsewhere.text.count(" autofocus>")) == (422, None, 1)
    form, french = {"apply": "coupon", "coupon": "WELCOME10"}, {"accept-language": "fr"}
    answer = await rig.http.post("/checkout/said", data=form, headers=french)
    assert said(answer) == "WELCOME10\xa0: 10\xa0% de remise. Vous payez 45\xa0000\xa0UGX."


async def test_a_coupon_that_is_used_up_before_the_payment_is_said_and_nothing_is_charged(rig: Rig) -> None:
    rig.links.add(a_link("too-late", coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    session = await rig.open("too-late", coupon_code="WELCOME10")
    rig.links.refuse = CouponIsRefused("used_up")
    try:
        answer = await rig.pay(session)
    finally:
        rig.links.refuse = None
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "coupon_refused", "used_up")
    assert (await rig.read(session))["status"] == "open"
    assert await rig.payments(session) == []


async def test_a_coupon_works_where_the_buyer_chooses_the_amount(rig: Rig) -> None:
    rig.links.add(a_link("tip-coupon", pricing=FlexibleView("USD", 100, None), coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    assert (await rig.open("tip-coupon", amount_minor=2_000, coupon_code="WELCOME10"))["total"]["amount_minor"] == 1_800
    page = await post(rig, "/checkout/tip-coupon", apply="coupon", coupon="WELCOME10")
    assert (page.status_code, said(page)) == (200, "WELCOME10: 10% off. It comes off the amount that you choose.")


async def test_the_page_of_an_open_session_shows_the_pinned_bill(rig: Rig) -> None:
    rig.links.add(a_link("pinned-bill", pricing=CART, coupons_allowed=True))
    rig.links.coupons["WELCOME10"] = TEN_PERCENT
    session = await rig.open("pinned-bill", coupon_code="WELCOME10")
    path = f"/checkout/sessions/{session['id']}"
    page = await rig.http.get(path, headers={"cookie": f"paylinks_session={session['token']}"})
    assert page.status_code == 200
    for words in ("Woven basket", "Coupon WELCOME10", "$26.55"):
        assert words in page.text
    assert (await rig.http.get(f"/v1/checkout/sessions/{session['id']}", headers=bearer(session))).status_code == 200
