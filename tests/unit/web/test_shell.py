"""Locale choice, money and time, brand colors, headers."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.colors import CONTRAST_TEXT, SURFACES_DARK, SURFACES_LIGHT, brand, contrast
from shared.web.formats import format_clock, format_moment, format_money, format_plain_amount, money_shape
from shared.web.locales import choose_locale
from shared.web.pages import http_url, image_url, stylesheet
from shared.web.security import content_security_policy, new_nonce


@pytest.mark.parametrize(
    ("asked", "cookie", "header", "chosen"),
    [
        ("fr", "rw", "sw", "fr"),
        ("xx", "rw", "sw", "rw"),
        (None, None, "de;q=0.9, sw;q=0.4, fr-CI;q=0.8", "fr"),
        (None, None, "lg-UG", "lg"),
        (None, None, "fr;q=0, *", "en"),
        (None, None, "fr;q=nonsense", "en"),
        (None, "../../etc", "," * 5000, "en"),
        (None, None, None, "en"),
        ("FR_fr", None, None, "fr"),
    ],
)
def test_the_language_is_asked_for_then_remembered_then_wished(
    asked: str | None, cookie: str | None, header: str | None, chosen: str
) -> None:
    assert choose_locale(asked, cookie, accept_language=header) == chosen


def test_the_merchants_language_is_the_last_resort() -> None:
    assert choose_locale(None, None, accept_language="de", default="rw") == "rw"


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (50_000, "UGX", "en", "UGX\u00a050,000"),
        (50_000, "UGX", "fr", "50\u00a0000\u00a0UGX"),
        (1_999, "USD", "en", "$19.99"),
        (1_999, "EUR", "fr", "19,99\u00a0€"),
        (1_500, "KWD", "en", "KWD\u00a01.500"),
        (50_000, "IQD", "en", "IQD\u00a050.000"),  # CLDR would write no decimals
        (185_000, "XOF", "fr", "185\u00a0000\u00a0F\u00a0CFA"),
        (10**15, "UGX", "en", "UGX\u00a01,000,000,000,000,000"),
    ],
)
def test_money_reads_as_the_locale_writes_it_with_iso_decimals(
    minor: int, currency: str, locale: str, text: str
) -> None:
    assert format_money(minor, currency, locale) == text


@pytest.mark.parametrize("locale", ["en", "fr", "rw", "sw", "lg"])
@pytest.mark.parametrize("currency", ["UGX", "USD", "KWD", "XOF", "NGN"])
def test_a_script_can_write_money_by_its_shape(locale: str, currency: str) -> None:
    shape = money_shape(currency, locale)
    decimals = shape.decimal + "0" * shape.digits if shape.digits else ""
    written = f"{shape.prefix}1{shape.group}234{decimals}{shape.suffix}"
    assert written == format_money(1_234 * 10**shape.digits, currency, locale)


def test_an_amount_field_holds_plain_digits() -> None:
    assert format_plain_amount(1_250, "USD") == "12.50"
    assert format_plain_amount(50_000, "UGX") == "50000"


def test_times_are_told_in_their_zone_and_an_unknown_zone_is_utc() -> None:
    moment = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
    assert format_moment(moment, "fr", zone="Africa/Kigali") == "5 mars 2027, 13:05\u00a0CAT"
    assert format_clock(moment, "en", zone="Mars/Olympus") == "11:05\u00a0AM\u00a0UTC"
    assert format_clock(moment, "en", zone="../etc/passwd") == "11:05\u00a0AM\u00a0UTC"


@given(st.integers(0, 0xFFFFFF))
def test_every_brand_color_can_be_read_in_both_schemes(value: int) -> None:
    found = brand(f"#{value:06x}")
    assert contrast(found.fill, found.on_fill) >= CONTRAST_TEXT
    assert all(contrast(found.accent, surface) >= CONTRAST_TEXT for surface in SURFACES_LIGHT)
    assert all(contrast(found.accent_dark, surface) >= CONTRAST_TEXT for surface in SURFACES_DARK)


def test_accents_are_measured_against_the_surfaces_that_pages_have() -> None:
    light, dark = re.findall(r":root\{([^}]*--bg:[^}]*)\}", stylesheet())
    for css, surfaces in ((light, SURFACES_LIGHT), (dark, SURFACES_DARK)):
        values = dict(re.findall(r"(--[a-z-]+):(#[0-9a-f]{3,6})(?=[;}]|$)", css))
        found = {_long(values[name]) for name in ("--surface", "--bg", "--soft", "--warn-soft")}
        assert found == set(surfaces)


def _long(color: str) -> str:
    return color if len(color) == 7 else "#" + "".join(2 * digit for digit in color[1:])


@pytest.mark.parametrize("color", [None, "", "red", "#fff", "#12345g", "#123456;}", "url(x)", "#１２３４５６"])
def test_what_is_no_color_never_reaches_the_stylesheet(color: str | None) -> None:
    assert brand(color) == brand(None)


def test_the_policy_allows_our_nonce_and_the_named_origins_only() -> None:
    policy = content_security_policy(
        "abc",
        frame_origins=["https://pay.example/fields/card?x=1"],
        form_origins=["https://pay.example:8443/pay", "javascript:alert(1)", "https://evil.example;script-src *"],
    )
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'nonce-abc'"
    assert directives["frame-src"] == "https://pay.example"
    assert directives["form-action"] == "'self' https://pay.example:8443"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"


def test_a_page_without_a_card_field_frames_nothing() -> None:
    assert "frame-src 'none'; form-action 'self';" in content_security_policy(new_nonce())


def test_nonces_are_long_and_never_the_same() -> None:
    nonces = {new_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert all(len(nonce) >= 22 for nonce in nonces)


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", "//evil.example", "http:", "x"])
def test_only_web_addresses_stand_behind_buttons(url: str | None) -> None:
    assert http_url(url) == ""


def test_images_come_from_https_or_from_us() -> None:
    assert image_url("https://cdn.example/logo.png")
    assert image_url("/logo.png")
    assert not image_url("http://cdn.example/logo.png")
    assert not image_url("//cdn.example/logo.png")
    assert not image_url("data:text/html,x")
