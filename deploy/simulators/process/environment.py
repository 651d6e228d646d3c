"""Reads what a simulator is told by its environment."""

from collections.abc import Mapping

KEY_LENGTH_MIN = 16


class SettingsError(Exception):
    """The environment does not describe a simulator that could start; the text is one sentence for people."""


def required(environ: Mapping[str, str], name: str) -> str:
    """Raises: SettingsError: it is not set, or blank."""
    if not (value := environ.get(name, "").strip()):
        raise SettingsError(f"{name} is not set.")
    return value


def key(environ: Mapping[str, str], name: str) -> str:
    """A secret. Raises: SettingsError: there is none, or one of fewer than 16 characters."""
    if len(value := required(environ, name)) < KEY_LENGTH_MIN:
        raise SettingsError(f"{name} is shorter than {KEY_LENGTH_MIN} characters.")
    return value


def integer(environ: Mapping[str, str], name: str, *, maximum: int, default: int | None = None) -> int:
    """From 0 to `maximum`. Raises: SettingsError: anything else; nothing, where there is no default."""
    raw = required(environ, name) if default is None else environ.get(name, str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) > maximum:
        raise SettingsError(f"{name} is not a whole number from 0 to {maximum}.")
    return int(raw)
