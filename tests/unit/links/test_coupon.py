from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.domain.coupon import (
    AmountOff,
    Coupon,
    CouponDraft,
    PercentOff,
    Redemptions,
    check,
    check_whole,
    code_of,
    discount,
)
from services.links.domain.faults import CouponRefused
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.kernel.money import MINOR_MAX, Money

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def coupon(off: PercentOff | AmountOff, **over: object) -> Coupon:
    fields: dict[str, object] = {"id": new_id(), "org_id": new_id(), "livemode": False, "code": "X", "off": off}
    return Coupon(**fields | {"created_at": NOW, "updated_at": NOW} | over)


percents = st.builds(PercentOff, st.integers(1, 10_000))
amounts = st.builds(AmountOff, st.builds(Money, st.integers(1, MINOR_MAX), st.just("KWD")))


def taken_off(off: PercentOff | AmountOff, subtotal: Money) -> Money | None:
    """None where nothing would be left."""
    try:
        return discount(coupon(off), subtotal)
    except CouponRefused:
        return None


@given(percents | amounts, st.integers(1, MINOR_MAX))
def test_what_comes_off_is_never_negative_and_always_leaves_something_to_pay(off, minor):
    taken = taken_off(off, Money(minor, "KWD"))
    assert taken is None or (taken.currency == "KWD" and 0 <= taken.minor < minor)


@given(st.integers(1, 9_999), st.integers(2, MINOR_MAX))
def test_a_percentage_is_no_further_from_exact_than_half_a_unit(basis_points, minor):
    taken = taken_off(PercentOff(basis_points), Money(minor, "RWF"))
    exact = Fraction(minor * basis_points, 10_000)
    assert taken is None or -Fraction(1, 2) < taken.minor - exact <= Fraction(1, 2)


def test_half_a_unit_is_rounded_up_for_the_buyer():
    assert discount(coupon(PercentOff(1_000)), Money(1_995, "USD")) == Money(200, "USD")
    assert discount(coupon(PercentOff(1_000)), Money(1_994, "USD")) == Money(199, "USD")


@pytest.mark.parametrize(
    ("off", "subtotal"),
    [
        (PercentOff(10_000), Money(50_000, "UGX")),
        (PercentOff(5_000), Money(1, "UGX")),
        (AmountOff(Money(500, "UGX")), Money(500, "UGX")),
        (AmountOff(Money(501, "UGX")), Money(500, "UGX")),
    ],
)
def test_a_coupon_that_leaves_nothing_to_pay_is_refused(off, subtotal):
    with pytest.raises(CouponRefused) as refused:
        discount(coupon(off), subtotal)
    assert refused.value.values == {"reason": "leaves_nothing"}


def test_a_coupon_counts_in_its_currency_only():
    assert coupon(PercentOff(1)).counts_in("UGX")
    assert not coupon(PercentOff(1), currency="USD").counts_in("UGX")
    assert not coupon(AmountOff(Money(1, "USD"))).counts_in("UGX")
    with pytest.raises(CouponRefused):
        discount(coupon(AmountOff(Money(1, "USD"))), Money(500, "UGX"))


def test_why_a_coupon_refuses():
    off = PercentOff(100)
    assert coupon(off, redemptions=Redemptions(max=2, redeemed=1)).refusal("UGX", NOW) is None
    assert coupon(off, active=False).refusal("UGX", NOW) == "inactive"
    assert coupon(off, expires_at=NOW).refusal("UGX", NOW) == "expired"
    assert coupon(off, redemptions=Redemptions(max=2, redeemed=1, held=1)).refusal("UGX", NOW) == "exhausted"
    assert coupon(off, currency="USD").refusal("UGX", NOW) == "currency"


def test_a_code_is_the_same_in_upper_and_lower_case():
    assert code_of(" welcome-10 ") == "WELCOME-10"
    for text in ("", "two words", "x" * 41, "ÄB", "ß", "A_B"):
        with pytest.raises(Invalid):
            code_of(text)


@pytest.mark.parametrize(
    "draft",
    [
        CouponDraft(code="a b"),
        CouponDraft(off=PercentOff(0)),
        CouponDraft(off=PercentOff(10_001)),
        CouponDraft(off=AmountOff(Money(0, "UGX"))),
        CouponDraft(expires_at=NOW),
        CouponDraft(expires_at=NOW + timedelta(days=366 * 51)),
        CouponDraft(redemptions_max=0),
    ],
)
def test_a_coupon_that_cannot_be_is_refused(draft):
    with pytest.raises(Invalid):
        check(draft, NOW)


def test_the_currency_of_an_amount_is_no_other():
    with pytest.raises(Invalid):
        check_whole(coupon(AmountOff(Money(1, "USD")), currency="UGX"))
