"""What checkout is told by its environment."""

import base64
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import urlsplit

from shared.runtime.settings import SECRET_BYTES_MIN, ServiceSettings, SettingsError

MTN_URL: Final = "https://proxy.momoapi.mtn.com"
MTN_SANDBOX_URL: Final = "https://sandbox.momodeveloper.mtn.com"


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """`sandbox_url` is the origin of the sandbox provider: its API and its card field.

    The other `…_url` are where providers answer; simulators, on a local stack. `mtn_urls` names addresses of MTN by
    target environment, as `mtnuganda=https://…`, separated by commas; `mtn_url` is for all others.
    `previous_secret_keys`, separated by commas, still open what was sealed with them. `extra_providers`, too: adapters
    installed beside Paylinks, as `package.module:Class@https://api.example`. `failed_…_per_hour`: how many tries may
    fail before more are refused.
    """

    sandbox_url: str
    sandbox_platform_key: str
    provider_timeout_seconds: float = 10.0
    stripe_url: str = "https://api.stripe.com"
    wave_url: str = "https://api.wave.com"
    flutterwave_url: str = "https://api.flutterwave.com"
    mtn_url: str = ""
    mtn_urls: str = ""
    previous_secret_keys: str = ""
    extra_providers: str = ""
    failed_cards_per_link_per_hour: int = 200
    failed_cards_per_address_per_hour: int = 10
    failed_tries_per_card_per_hour: int = 5
    failed_prompts_per_phone_per_hour: int = 10

    def root_secrets(self) -> list[bytes]:
        """The present one first.

        Raises:
            SettingsError: one of the previous is not a key.
        """
        return [self.root_secret(), *(_previous(key.strip()) for key in self.previous_secret_keys.split(",") if key)]

    def stripe(self) -> str:
        """Raises: SettingsError: not where a provider could answer; as the next ones."""
        return self._address("PAYLINKS_STRIPE_URL", self.stripe_url)

    def wave(self) -> str:
        return self._address("PAYLINKS_WAVE_URL", self.wave_url)

    def flutterwave(self) -> str:
        return self._address("PAYLINKS_FLUTTERWAVE_URL", self.flutterwave_url)

    def mtn(self, environments: Collection[str]) -> Callable[[str, bool], str]:
        """Where MTN answers, by the target environment of an account and whether it is live.

        MTN keeps its sandbox on a host of its own, and a market may have one, too. Merchants name only the environment:
        which hosts we speak to is the operator's word. `environments` are those that there are.
        """
        everywhere = self._address("PAYLINKS_MTN_URL", self.mtn_url) if self.mtn_url else None
        named: dict[str, str] = {}
        for one in self.mtn_urls.split(","):
            environment, _, url = one.strip().partition("=")
            if one.strip() and environment not in environments:
                raise SettingsError(f"Settings: PAYLINKS_MTN_URLS names '{environment[:40]}', which is no environment.")
            if one.strip():
                named[environment] = self._address("PAYLINKS_MTN_URLS", url)

        def url_of(environment: str, livemode: bool) -> str:  # noqa: FBT001 - called by place only in `app`
            by_host = MTN_URL if livemode and environment != "sandbox" else MTN_SANDBOX_URL
            return named.get(environment) or everywhere or by_host

        return url_of

    def _address(self, name: str, url: str) -> str:
        """An origin; by http only where no real money moves, since keys go along."""
        parts = urlsplit(url)
        try:
            whole = bool(parts.hostname) and parts.port != 0 and parts.username is None and url.isascii()
        except ValueError:
            whole = False
        schemes = {"https", "http"} if self.test_mode else {"https"}
        if not whole or parts.scheme not in schemes or parts.query or parts.fragment:
            raise SettingsError(f"Settings: {name} has '{url[:100]}'; write https://…, the address of an API.")
        return url.rstrip("/")

    def extra(self) -> list[str]:
        return [one.strip() for one in self.extra_providers.split(",") if one.strip()]


def _previous(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) < SECRET_BYTES_MIN:
        raise SettingsError("Settings: PAYLINKS_PREVIOUS_SECRET_KEYS has a value that is no key.")
    return key
