"""What the Wave simulator is told by its environment."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from deploy.simulators.process.environment import integer, key, required

PREFIX = "PAYLINKS_WAVE_SIM"
RETRY_HOURS_DEFAULT = 24
RETRY_HOURS_MAX = 24 * 30


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`api_key` opens the business that is there from the start; the control API opens more."""

    port: int
    data: Path
    url: str
    api_key: str
    control_key: str
    webhook_url: str | None = None
    webhook_secret: str | None = None
    retry_hours: int = RETRY_HOURS_DEFAULT
    host: str = "127.0.0.1"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises: SettingsError: a variable is missing or unusable."""
    return Settings(
        port=integer(environ, f"{PREFIX}_PORT", maximum=65_535),
        data=Path(required(environ, f"{PREFIX}_DATA")),
        url=required(environ, f"{PREFIX}_URL").rstrip("/"),
        api_key=key(environ, f"{PREFIX}_API_KEY"),
        control_key=key(environ, f"{PREFIX}_CONTROL_KEY"),
        webhook_url=environ.get(f"{PREFIX}_WEBHOOK_URL") or None,
        webhook_secret=environ.get(f"{PREFIX}_WEBHOOK_SECRET") or None,
        retry_hours=integer(environ, f"{PREFIX}_RETRY_HOURS", maximum=RETRY_HOURS_MAX, default=RETRY_HOURS_DEFAULT),
        host=environ.get(f"{PREFIX}_HOST", "127.0.0.1"),
    )
