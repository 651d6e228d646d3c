import msgspec
import pytest

from shared.kernel.money import CurrencyMismatch, Money, UnknownCurrency, currencies, exponent


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("UGX", 0),
        ("RWF", 0),
        ("XOF", 0),
        ("JPY", 0),
        ("USD", 2),
        ("EUR", 2),
        ("NGN", 2),
        ("MGA", 2),
        ("KWD", 3),
        ("IQD", 3),
        ("CLF", 4),
    ],
)
def test_decimals_are_those_of_iso_4217_not_of_cldr(currency, decimals):
    assert exponent(currency) == decimals


@pytest.mark.parametrize("code", ["", "ugx", "XXX", "XAU", "EURO", "ABC"])
def test_a_code_that_money_cannot_be_held_in_is_refused(code):
    with pytest.raises(UnknownCurrency):
        exponent(code)
    assert code not in currencies()


def test_money_travels_as_whole_minor_units():
    assert msgspec.json.encode(Money(50000, "UGX")) == b'{"amount_minor":50000,"currency":"UGX"}'


def test_a_fraction_of_a_minor_unit_is_not_money():
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"amount_minor":1.5,"currency":"UGX"}', type=Money)


def test_amounts_that_a_float_would_spoil_add_up_exactly():
    assert Money(9_007_199_254_740_993, "KWD") + Money(1, "KWD") == Money(9_007_199_254_740_994, "KWD")


def test_two_currencies_are_never_added():
    with pytest.raises(CurrencyMismatch):
        Money(1, "UGX") + Money(1, "RWF")
