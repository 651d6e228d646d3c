"""What the sandbox provider is told by its environment."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

APPROVE_AFTER_MS_DEFAULT = 1_000
KEY_LENGTH_MIN = 16


class SettingsError(Exception):
    """The environment does not describe a provider that could start; the text is one sentence for people."""


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
        port=_integer(environ, "PAYLINKS_SANDBOX_PORT", maximum=65_535),
        data=Path(_required(environ, "PAYLINKS_SANDBOX_DATA")),
        url=_required(environ, "PAYLINKS_SANDBOX_URL").rstrip("/"),
        platform_key=_key(environ, "PAYLINKS_SANDBOX_PLATFORM_KEY"),
        control_key=_key(environ, "PAYLINKS_SANDBOX_CONTROL_KEY"),
        approve_after_ms=_integer(
            environ, "PAYLINKS_SANDBOX_APPROVE_AFTER_MS", maximum=3_600_000, default=APPROVE_AFTER_MS_DEFAULT
        ),
        host=environ.get("PAYLINKS_SANDBOX_HOST", "127.0.0.1"),
    )


def _required(environ: Mapping[str, str], name: str) -> str:
    if not (value := environ.get(name, "").strip()):
        raise SettingsError(f"{name} is not set.")
    return value


def _key(environ: Mapping[str, str], name: str) -> str:
    if len(value := _required(environ, name)) < KEY_LENGTH_MIN:
        raise SettingsError(f"{name} is shorter than {KEY_LENGTH_MIN} characters.")
    return value


def _integer(environ: Mapping[str, str], name: str, *, maximum: int, default: int | None = None) -> int:
    raw = environ.get(name, "" if default is None else str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) > maximum:
        raise SettingsError(f"{name} is not a whole number from 0 to {maximum}.")
    return int(raw)
