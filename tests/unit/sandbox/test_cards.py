import pytest

from deploy.simulators.pages.cards import brand_rule, card_fault, luhn_valid
from deploy.simulators.sandbox.outcomes import CARDS_BY_TOKEN, TEST_CARDS

TODAY = (2026, 11)


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242", "visa"),
        ("2221", "mastercard"),
        ("2720", "mastercard"),
        ("5555", "mastercard"),
        ("506099", "verve"),
        ("506198", "verve"),
        ("650002", "verve"),
        ("650027", "verve"),
        ("650028", "discover"),
        ("650001", "discover"),
        ("6011", "discover"),
        ("378", "amex"),
    ],
)
def test_a_brand_is_read_from_the_first_digits_and_verve_before_discover(number: str, brand: str) -> None:
    assert (rule := brand_rule(number)) is not None
    assert rule.brand == brand


@pytest.mark.parametrize("number", ["", "2220", "2721", "506098", "506199", "9"])
def test_a_number_outside_every_range_has_no_brand(number: str) -> None:
    assert brand_rule(number) is None


def test_every_test_card_is_valid_and_of_the_brand_it_claims() -> None:
    for card in TEST_CARDS:
        rule = brand_rule(card.number)
        assert rule is not None
        assert rule.brand == card.brand
        cvc = "1" * rule.cvc_length
        assert card_fault(card.number, exp_month=12, exp_year=2030, cvc=cvc, today=TODAY) is None
    assert len(CARDS_BY_TOKEN) == len(TEST_CARDS)


@pytest.mark.parametrize(
    ("number", "month", "year", "cvc", "fault"),
    [
        ("4242424242424241", 12, 2030, "123", "number"),
        ("424242424242424", 12, 2030, "123", "number"),
        ("4242424242424242", 10, 2026, "123", "expiry"),
        ("4242424242424242", 13, 2030, "123", "expiry"),
        ("4242424242424242", 1, 2047, "123", "expiry"),
        ("4242424242424242", 11, 2026, "1234", "cvc"),
        ("378282246310005", 11, 2026, "123", "cvc"),
        ("4242424242424242", 11, 2026, "123", None),
    ],
)
def test_the_first_wrong_field_is_named(number: str, month: int, year: int, cvc: str, fault: str | None) -> None:
    assert card_fault(number, exp_month=month, exp_year=year, cvc=cvc, today=TODAY) == fault


def test_one_wrong_digit_never_passes_the_check_digit() -> None:
    number = "4242424242424242"
    for position, digit in enumerate(number):
        wrong = number[:position] + str((int(digit) + 1) % 10) + number[position + 1 :]
        assert not luhn_valid(wrong)
