"""What checkout is told by its environment."""

import base64
from typing import Final

from shared.runtime.settings import SECRET_BYTES_MIN, ServiceSettings, SettingsError

MTN_URL: Final = "https://proxy.momoapi.mtn.com"
MTN_SANDBOX_URL: Final = "https://sandbox.momodeveloper.mtn.com"


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """`sandbox_url` is the origin of the sandbox provider: its API and its card field.

    The other `…_url` are where providers answer; simulators, on a local stack. `previous_secret_keys`, separated by
    commas, still open what was sealed with them. `extra_providers`, too: adapters installed beside Paylinks, as
    `package.module:Class@https://api.example`. `failed_…_per_hour`: how many tries may fail before more are refused.
    """

    sandbox_url: str
    sandbox_platform_key: str
    provider_timeout_seconds: float = 10.0
    stripe_url: str = "https://api.stripe.com"
    wave_url: str = "https://api.wave.com"
    flutterwave_url: str = "https://api.flutterwave.com"
    mtn_url: str = ""
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

    def mtn(self) -> str:
        """MTN keeps its sandbox on a host of its own: an installation speaks to one of the two."""
        return self.mtn_url or (MTN_SANDBOX_URL if self.test_mode else MTN_URL)

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
