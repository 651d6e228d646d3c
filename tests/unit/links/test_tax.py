from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.domain.tax import PPM_MAX, TaxRateDraft, check, half_even, percent_of, ppm_of, taxed
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX

amounts = st.integers(1, MINOR_MAX)
rates = st.integers(0, PPM_MAX)


@given(amounts, rates, st.sampled_from(["inclusive", "exclusive"]))
def test_net_and_tax_are_the_gross_in_both_modes(amount, ppm, mode):
    parts = taxed(amount, ppm, mode)
    assert parts.net_minor + parts.tax_minor == parts.gross_minor
    assert amount == (parts.gross_minor if mode == "inclusive" else parts.net_minor)
    assert min(parts.net_minor, parts.tax_minor) >= 0


@given(amounts, rates)
def test_tax_on_top_is_the_exact_tax_rounded_half_even(amount, ppm):
    exact = Decimal(amount) * ppm / 1_000_000
    assert taxed(amount, ppm, "exclusive").tax_minor == exact.quantize(Decimal(1), ROUND_HALF_EVEN)


@given(amounts, rates)
def test_tax_inside_is_no_further_from_the_exact_tax_than_half_a_unit(amount, ppm):
    tax = taxed(amount, ppm, "inclusive").tax_minor
    assert abs(2 * (tax * (1_000_000 + ppm) - amount * ppm)) <= 1_000_000 + ppm


@given(amounts, rates)
def test_the_gross_of_a_net_gives_that_net_back_but_for_rounding(net, ppm):
    gross = taxed(net, ppm, "exclusive").gross_minor
    assert abs(taxed(gross, ppm, "inclusive").net_minor - net) <= 1


@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_half_even_is_what_fractions_say(numerator, denominator):
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


def test_a_tie_goes_to_the_even_unit():
    assert [half_even(n, 2) for n in (1, 3, 5, 7)] == [0, 2, 2, 4]


@pytest.mark.parametrize(
    ("amount", "mode", "tax"),
    [
        (25_000, "exclusive", 4_500),  # RWF 25,000 at 18 %
        (25_000, "inclusive", 3_814),  # 3813.56
        (1_999, "exclusive", 360),  # USD 19.99: 359.82
        (1_999, "inclusive", 305),  # 304.93
        (12_345, "exclusive", 2_222),  # KWD 12.345: 2222.1
        (12_345, "inclusive", 1_883),  # 1883.14
    ],
)
def test_eighteen_percent_in_currencies_of_zero_two_and_three_decimals(amount, mode, tax):
    assert taxed(amount, 180_000, mode).tax_minor == tax


@given(rates)
def test_a_percentage_reads_back_as_it_was_written(ppm):
    assert ppm_of(percent_of(ppm)) == ppm


def test_a_percentage_is_written_as_short_as_it_goes():
    assert [percent_of(ppm_of(text)) for text in ("18", "18.0", "7.25", "0.0001", "0", "100")] == [
        "18",
        "18",
        "7.25",
        "0.0001",
        "0",
        "100",
    ]


@pytest.mark.parametrize("text", ["", "1.", ".5", "1.23456", "-1", "1e2", "1,5", " 1", "1000", "١٨"])
def test_what_is_no_exact_percentage_is_refused(text):
    with pytest.raises(Invalid):
        ppm_of(text)


def test_no_rate_is_over_a_hundred_percent():
    with pytest.raises(Invalid):
        check(TaxRateDraft(ppm=ppm_of("100.0001")))
