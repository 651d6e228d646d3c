"""What the Stripe simulator is told by its environment."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from deploy.simulators.process.environment import integer, key, required

PREFIX = "PAYLINKS_STRIPE_SIM"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`secret_key` opens the account that is there from the start; the control API opens more."""

    port: int
    data: Path
    url: str
    secret_key: str
    control_key: str
    webhook_url: str | None = None
    webhook_secret: str | None = None
    host: str = "127.0.0.1"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises: SettingsError: a variable is missing or unusable."""
    return Settings(
        port=integer(environ, f"{PREFIX}_PORT", maximum=65_535),
        data=Path(required(environ, f"{PREFIX}_DATA")),
        url=required(environ, f"{PREFIX}_URL").rstrip("/"),
        secret_key=key(environ, f"{PREFIX}_SECRET_KEY"),
        control_key=key(environ, f"{PREFIX}_CONTROL_KEY"),
        webhook_url=environ.get(f"{PREFIX}_WEBHOOK_URL") or None,
        webhook_secret=environ.get(f"{PREFIX}_WEBHOOK_SECRET") or None,
        host=environ.get(f"{PREFIX}_HOST", "127.0.0.1"),
    )
