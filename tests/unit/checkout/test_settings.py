"""Where providers answer is the operator's word, and is checked before anything starts."""

import base64

import pytest

from services.checkout.providers.installed import installed
from services.checkout.providers.mtn.environments import CURRENCIES
from services.checkout.settings import MTN_SANDBOX_URL, MTN_URL, Settings
from shared.runtime.settings import SettingsError

BASE = {
    "PAYLINKS_HTTP_PORT": "1",
    "PAYLINKS_POSTGRES_DSN": "postgresql://x",
    "PAYLINKS_NATS_URL": "nats://x",
    "PAYLINKS_PUBLIC_URL": "https://pay.example",
    "PAYLINKS_SECRET_KEY": base64.urlsafe_b64encode(b"k" * 32).decode(),
    "PAYLINKS_SANDBOX_URL": "http://127.0.0.1:1",
    "PAYLINKS_SANDBOX_PLATFORM_KEY": "key",
}


def settings(**named: str) -> Settings:
    return Settings.from_environment(BASE | {f"PAYLINKS_{name}": value for name, value in named.items()})


@pytest.mark.parametrize("name", ["STRIPE_URL", "WAVE_URL", "FLUTTERWAVE_URL", "MTN_URL"])
@pytest.mark.parametrize(
    "url",
    [
        *("api.example", "ftp://api.example", "https://", "https://user:key@api.example", "https://api.example?x=1"),
        *("https://api.example:port", "http://api.example", "https://\u00e4pi.example"),
    ],
)
def test_an_address_where_no_provider_answers_is_named_at_the_start(name: str, url: str) -> None:
    with pytest.raises(SettingsError, match=f"PAYLINKS_{name}"):
        installed(settings(**{name: url}))


def test_plain_http_is_for_test_mode_only() -> None:
    assert settings(STRIPE_URL="http://127.0.0.1:8/", TEST_MODE="1").stripe() == "http://127.0.0.1:8"
    assert settings().stripe() == "https://api.stripe.com"


def test_mtn_is_found_by_the_environment_of_the_account() -> None:
    url_of = settings().mtn(CURRENCIES)
    assert [url_of(*one) for one in (("mtnuganda", True), ("sandbox", True), ("mtnuganda", False))] == [
        MTN_URL,
        MTN_SANDBOX_URL,
        MTN_SANDBOX_URL,
    ]
    url_of = settings(MTN_URL="https://all.example", MTN_URLS="mtnuganda=https://ug.example/, ").mtn(CURRENCIES)
    assert [url_of(*one) for one in (("mtnuganda", True), ("mtnrwanda", True), ("sandbox", False))] == [
        "https://ug.example",
        "https://all.example",
        "https://all.example",
    ]
    for wrong in ("mtnmars=https://x.example", "mtnuganda", "mtnuganda=http://x.example", "=https://x.example"):
        with pytest.raises(SettingsError, match="PAYLINKS_MTN_URLS"):
            settings(MTN_URLS=wrong).mtn(CURRENCIES)
