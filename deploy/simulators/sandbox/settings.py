"""What the sandbox provider is told by its environment."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from deploy.simulators.process.environment import integer, key, required

APPROVE_AFTER_MS_DEFAULT = 1_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    port: int
    data: Path
    url: str
    platform_key: str
    control_key: str
    approve_after_ms: int = APPROVE_AFTER_MS_DEFAULT
    host: str = "127.0.0.1"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises: SettingsError: a variable is missing or unusable."""
    return Settings(
        port=integer(environ, "PAYLINKS_SANDBOX_PORT", maximum=65_535),
        data=Path(required(environ, "PAYLINKS_SANDBOX_DATA")),
        url=required(environ, "PAYLINKS_SANDBOX_URL").rstrip("/"),
        platform_key=key(environ, "PAYLINKS_SANDBOX_PLATFORM_KEY"),
        control_key=key(environ, "PAYLINKS_SANDBOX_CONTROL_KEY"),
        approve_after_ms=integer(
            environ, "PAYLINKS_SANDBOX_APPROVE_AFTER_MS", maximum=3_600_000, default=APPROVE_AFTER_MS_DEFAULT
        ),
        host=environ.get("PAYLINKS_SANDBOX_HOST", "127.0.0.1"),
    )
