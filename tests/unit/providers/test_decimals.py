"""Amounts of providers that count in major units."""

from decimal import Decimal

import pytest

from services.checkout.providers.decimals import from_major, nearest, to_major
from shared.kernel.money import MINOR_MAX, Money


@pytest.mark.parametrize(
    ("minor", "exponent", "major"),
    [(50_000, 0, "50000"), (150_050, 2, "1500.50"), (1, 2, "0.01"), (MINOR_MAX, 2, "1" + "0" * 13 + ".00")],
)
def test_there_and_back_is_exact(minor: int, exponent: int, major: str) -> None:
    assert format(to_major(Money(minor, "XXX"), exponent), "f") == major
    assert from_major(Decimal(major), "XXX", exponent) == Money(minor, "XXX")


@pytest.mark.parametrize(
    ("written", "exponent"),
    [
        ("0", 0),
        ("-5", 2),
        ("0.5", 0),
        ("1.005", 2),
        ("1E999999", 2),
        ("-1E999999", 0),
        ("NaN", 2),
        ("Infinity", 2),
        ("1E16", 0),
    ],
)
def test_what_is_no_amount_of_whole_minor_units_is_none(written: str, exponent: int) -> None:
    assert from_major(Decimal(written), "XXX", exponent) is None


def test_a_fee_goes_to_the_nearest_minor_unit_and_halves_go_up() -> None:
    assert nearest(Decimal("0.58"), "RWF", 0) == Money(1, "RWF")
    assert nearest(Decimal("21.005"), "NGN", 2) == Money(2_101, "NGN")
    assert nearest(Decimal(0), "NGN", 2) == Money(0, "NGN")
    assert [nearest(Decimal(one), "NGN", 2) for one in ("-1", "NaN", "1E999999")] == [None] * 3
