"""What a buyer pays, and why a link would not let them."""

from datetime import timedelta
from typing import Any

import pytest

from services.checkout.domain.faults import AmountOutOfBounds
from services.checkout.domain.phones import payer_phone
from services.checkout.domain.pricing import listed_total, total_of
from services.checkout.domain.refusal import may_be_all_held, next_step, refusal, uses_remaining
from shared.contracts.links import FixedView, FlexibleView, OpenView, UsesView
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money, UnknownCurrency
from tests.support.checkout import a_link
from tests.unit.checkout.build import NOW

FIXED = FixedView(Money(50_000, "UGX"))


def test_a_fixed_price_is_the_price() -> None:
    assert total_of(FIXED, None, currency=None) == total_of(FIXED, 50_000, currency="UGX") == listed_total(FIXED)


@pytest.mark.parametrize(("amount", "currency"), [(49_999, None), (None, "USD"), (50_000, "USD")])
def test_nobody_bargains_with_a_fixed_price(amount: int | None, currency: str | None) -> None:
    with pytest.raises(Invalid):
        total_of(FIXED, amount, currency=currency)


@pytest.mark.parametrize("amount", [100, 200])
def test_a_flexible_price_includes_its_bounds(amount: int) -> None:
    assert total_of(FlexibleView("USD", 100, 200), amount, currency=None) == Money(amount, "USD")


@pytest.mark.parametrize("amount", [0, -5, 99, 201, MINOR_MAX + 1])
def test_a_flexible_price_refuses_what_is_outside(amount: int) -> None:
    with pytest.raises(AmountOutOfBounds):
        total_of(FlexibleView("USD", 100, 200), amount, currency=None)


def test_an_open_price_needs_an_amount_and_a_real_currency() -> None:
    assert total_of(OpenView(None), 5, currency="KWD") == Money(5, "KWD")
    assert total_of(OpenView("XOF"), 5, currency=None) == Money(5, "XOF")
    for amount, currency, fault in ((5, None, Invalid), (None, "UGX", Invalid), (5, "ZZZ", UnknownCurrency)):
        with pytest.raises(fault):
            total_of(OpenView(None), amount, currency=currency)


@pytest.mark.parametrize(
    ("reason", "over"),
    [
        (None, {}),
        (None, {"expires_at": NOW + timedelta(seconds=1), "uses_max": 2, "uses": UsesView(1, 1, 3)}),
        ("expired", {"expires_at": NOW}),
        ("exhausted", {"uses_max": 2, "uses": UsesView(2, 0, 3)}),
        # a usage limit counts when an expiry is set, too
        ("exhausted", {"uses_max": 1, "uses": UsesView(1, 0, 3), "expires_at": NOW + timedelta(days=1)}),
        ("paused", {"paused_at": NOW}),
        ("not_started", {"starts_at": NOW + timedelta(seconds=1)}),
        ("revoked", {"ended_at": NOW, "ended_as": "revoked", "paused_at": NOW, "expires_at": NOW}),
    ],
)
def test_a_link_refuses_for_one_reason_at_a_given_time(reason: str | None, over: dict[str, Any]) -> None:
    refused = refusal(a_link(**over), NOW)
    assert (refused.reason if refused else None) == reason
    if refused:
        assert next_step(refused.reason, starts_at=NOW, support_email="help@example.com")


def test_held_uses_are_not_free_but_may_become_so() -> None:
    link = a_link(uses_max=3, uses=UsesView(1, 2, 5))
    assert uses_remaining(link) == 0
    assert may_be_all_held(link)
    assert refusal(link, NOW) is None
    assert uses_remaining(a_link()) is None


@pytest.mark.parametrize(
    ("text", "currency", "number"),
    [
        ("+256772123456", "UGX", "+256772123456"),
        ("0772 123-456", "UGX", "+256772123456"),
        ("+256 772 000 001", "USD", "+256772000001"),
        ("077 123 45 67", "USD", None),
        ("+25677", "UGX", None),
        ("", "UGX", None),
        ("+256772123456" * 4, "UGX", None),
        ("hello", "UGX", None),
    ],
)
def test_a_payers_number_is_read_or_refused(text: str, currency: str, number: str | None) -> None:
    if number is None:
        with pytest.raises(Invalid):
            payer_phone(text, currency=currency)
    else:
        assert payer_phone(text, currency=currency) == number
