"""What a buyer types: amounts and phone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.checkout.domain.amounts import AmountRefused, parse_amount
from services.checkout.domain.operators import (
    COUNTRIES,
    countries_for,
    format_phone,
    normalize_phone,
    operator_hint,
)
from shared.kernel.money import UnknownCurrency
from shared.web.formats import format_money, format_plain_amount


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("50000", "UGX", 50_000),
        ("50,000", "UGX", 50_000),
        ("50.000", "UGX", 50_000),
        (" 50 000 ", "UGX", 50_000),
        ("50\u202f000\u00a0UGX", "UGX", 50_000),
        ("ugx 50'000", "UGX", 50_000),
        ("50,000.00", "UGX", 50_000),
        ("12.5", "USD", 1_250),
        ("12,50", "USD", 1_250),
        ("1,234.56", "USD", 123_456),
        ("1.234,56", "USD", 123_456),
        ("1.500", "USD", 150_000),
        ("0.500", "USD", 50),
        (".5", "USD", 50),
        ("5.", "USD", 500),
        ("1,234,567", "USD", 123_456_700),
        ("1.5", "KWD", 1_500),
        ("1.500", "KWD", 1_500),
        ("1,500,000", "KWD", 1_500_000_000),
        ("1,500.250", "KWD", 1_500_250),
        ("\u0665\u0660\u0660", "UGX", 500),
        ("007", "UGX", 7),
        ("123456789012.34", "USD", 12_345_678_901_234),
    ],
)
def test_an_amount_is_read_exactly_as_people_write_it(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency).minor == minor


@pytest.mark.parametrize(
    ("text", "currency", "flaw"),
    [
        ("", "UGX", "empty"),
        ("   ", "UGX", "empty"),
        ("abc", "UGX", "not_a_number"),
        ("1e5", "UGX", "not_a_number"),
        ("0x10", "UGX", "not_a_number"),
        ("+5", "UGX", "not_a_number"),
        ("5 USD", "UGX", "not_a_number"),
        ("NaN", "USD", "not_a_number"),
        ("1,2,3", "USD", "not_a_number"),
        ("1,23,456", "USD", "not_a_number"),
        ("1.234.56,7.8", "USD", "not_a_number"),
        (",", "USD", "not_a_number"),
        ("½", "USD", "not_a_number"),
        ("-5", "UGX", "not_positive"),
        ("\u22125", "UGX", "not_positive"),
        ("0", "UGX", "not_positive"),
        ("0.00", "USD", "not_positive"),
        ("5.5", "UGX", "too_many_decimals"),
        ("1.234567", "USD", "too_many_decimals"),
        ("12.345,678", "USD", "too_many_decimals"),
        ("0.005", "USD", "too_many_decimals"),
        ("1,500", "KWD", "ambiguous"),
        ("9" * 17, "UGX", "too_large"),
        ("9" * 60, "UGX", "too_large"),
    ],
)
def test_what_is_not_surely_an_amount_is_refused(text: str, currency: str, flaw: str) -> None:
    with pytest.raises(AmountRefused) as refused:
        parse_amount(text, currency)
    assert refused.value.flaw == flaw


def test_an_unknown_currency_is_refused_first() -> None:
    with pytest.raises(UnknownCurrency):
        parse_amount("5", "ZZZ")


@given(st.integers(1, 10**15), st.sampled_from(["UGX", "USD", "KWD", "XOF"]))
def test_what_an_amount_field_shows_is_read_back_the_same(minor: int, currency: str) -> None:
    text = format_plain_amount(minor, currency)
    assert parse_amount(text, currency).minor == minor


@given(st.integers(1, 10**15), st.sampled_from(["en", "fr", "rw", "sw", "lg"]))
def test_what_the_page_shows_can_be_typed_back(minor: int, locale: str) -> None:
    assert parse_amount(format_money(minor, "NGN", locale), "NGN").minor == minor


@pytest.mark.parametrize(
    ("phone", "country", "operator", "confidence"),
    [
        ("0772123456", "UG", "MTN", "high"),
        ("+256 (0)701 234 567", None, "Airtel", "high"),
        ("0711", "UG", "UTL", "high"),
        ("0726", "UG", "Lyca", "high"),
        ("00250788123456", None, "MTN", "high"),
        ("0722 123 456", "RW", "Airtel", "high"),
        ("07025", "NG", "MTN", "low"),
        ("0809", "NG", "9mobile", "low"),
        ("77 123 45 67", "SN", "Orange", "high"),
        ("76", "SN", "Yas", "high"),
        ("07 01 23 45 67", "CI", "Orange", "high"),
        ("01", "CI", "Moov", "high"),
        ("024", "GH", "MTN", "low"),
        ("0757", "KE", "Safaricom", "low"),
        ("0756", "KE", "Airtel", "low"),
        ("0761", "KE", "Telkom", "low"),
        ("0769", "KE", "Safaricom", "low"),
        ("254712345678", "KE", "Safaricom", "low"),
    ],
)
def test_the_longest_prefix_names_the_operator(phone: str, country: str, operator: str, confidence: str) -> None:
    hint = operator_hint(phone, country=country)
    assert hint is not None
    assert (hint.operator, hint.confidence) == (operator, confidence)


@pytest.mark.parametrize(
    ("phone", "country"), [("", "UG"), ("07", "UG"), ("hello", "UG"), ("0772123456", None), ("+1 202 555", None)]
)
def test_no_hint_is_given_where_there_is_no_telling(phone: str, country: str | None) -> None:
    assert operator_hint(phone, country=country) is None


@pytest.mark.parametrize(
    ("phone", "country", "e164"),
    [
        ("0772 123-456", "UG", "+256772123456"),
        ("772123456", "UG", "+256772123456"),
        ("256772123456", "UG", "+256772123456"),
        ("+256 0772 123 456", "UG", "+256772123456"),
        ("00256772123456", None, "+256772123456"),
        ("0770 000 001", "UG", "+256770000001"),
        ("07 01 23 45 67", "CI", "+2250701234567"),
        ("+447911123456", "UG", "+447911123456"),
    ],
)
def test_a_number_is_read_at_home_and_abroad(phone: str, country: str | None, e164: str) -> None:
    assert normalize_phone(phone, country=country) == e164


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("0772 12", "UG"),
        ("07721234567", "UG"),
        ("0772123456", None),
        ("0772123456x9", "UG"),
        ("\u0660772123456", "UG"),
        ("+" + "1" * 16, None),
        ("", "UG"),
        ("0" * 100, "UG"),
    ],
)
def test_what_cannot_be_a_number_is_none(phone: str, country: str | None) -> None:
    assert normalize_phone(phone, country=country) is None


def test_every_example_is_a_number_of_its_country() -> None:
    for country in COUNTRIES.values():
        number = normalize_phone(country.example, country=country.code)
        assert number is not None
        assert number.startswith(f"+{country.dial}")


def test_numbers_are_shown_in_groups() -> None:
    assert format_phone("+256772123456") == "+256\u00a0772\u00a0123\u00a0456"
    assert format_phone("+2348031234567") == "+234\u00a0803\u00a0123\u00a04567"
    assert format_phone("+12025550100") == "+12025550100"


def test_a_currency_suggests_its_countries() -> None:
    assert countries_for("XOF") == ("SN", "CI")
    assert countries_for("USD") == ()
