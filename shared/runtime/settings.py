"""Settings come from the environment, once, at the start. A missing or wrong one is named in one sentence."""

import base64
import os
from collections.abc import Mapping
from typing import Annotated, Self

import msgspec

from shared.runtime.proxies import Proxies

SECRET_BYTES_MIN = 32


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message is meant for the person who set it."""


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service needs. Field `http_port` is read from `PAYLINKS_HTTP_PORT`, and so on."""

    http_host: str = "127.0.0.1"
    http_port: int
    postgres_dsn: str
    postgres_pool_max: int = 12
    nats_url: str
    nats_replicas: int = 1
    public_url: str
    secret_key: str
    test_mode: bool = False
    migrate_at_start: bool = True
    log_level: str = "info"
    otlp_url: str | None = None
    trusted_proxies: str = "127.0.0.1,::1"
    body_seconds_max: Annotated[float, msgspec.Meta(gt=0, le=600)] = 15.0
    connections_max: Annotated[int, msgspec.Meta(ge=16, le=1_000_000)] = 8192
    rate_per_ip_per_second: int = 50
    rate_per_key_per_second: int = 200
    rate_per_address_per_minute: int = 30

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises: SettingsError: one is missing or wrong; its text is one sentence for people."""
        named = {field.name: f"PAYLINKS_{field.name.upper()}" for field in msgspec.structs.fields(cls)}
        raw = {name: environment[variable] for name, variable in named.items() if environment.get(variable)}
        try:
            settings = msgspec.convert(raw, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"Settings: {_in_words(str(error), named)}") from None
        if len(settings.root_secret()) < SECRET_BYTES_MIN:
            raise SettingsError(f"Settings: PAYLINKS_SECRET_KEY must hold at least {SECRET_BYTES_MIN} bytes of base64.")
        settings.proxies()
        return settings

    def proxies(self) -> Proxies:
        """Raises: SettingsError: that is no list of addresses and networks."""
        try:
            return Proxies(self.trusted_proxies)
        except ValueError as error:
            raise SettingsError(f"Settings: PAYLINKS_TRUSTED_PROXIES: {error}.") from None

    def root_secret(self) -> bytes:
        """As bytes. Raises: SettingsError: it is not base64."""
        padded = self.secret_key + "=" * (-len(self.secret_key) % 4)
        try:
            return base64.urlsafe_b64decode(padded)
        except ValueError:
            raise SettingsError("Settings: PAYLINKS_SECRET_KEY is not urlsafe base64.") from None


def _in_words(message: str, named: Mapping[str, str]) -> str:
    for name, variable in named.items():
        message = message.replace(f"`{name}`", variable).replace(f"$.{name}", variable)
    return message.replace("Object missing required field", "please set") + "."
