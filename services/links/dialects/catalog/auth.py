"""Members send `Authorization: Token …`, servers `Authorization: Api-Key …`; neither opens what is the other's."""

from collections.abc import Mapping
from typing import Final

SERVERS: Final = "/catalog/checkout/"
"""Where servers ask, with the API key."""
_TOKEN: Final = ("token",)
_KEY: Final = ("api-key", "bearer")


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The token of a member who has signed in; an API key is none, whatever it is called."""
    return _after(headers, _TOKEN)


def key_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The API key. `Bearer`, as the native API has it, is understood, too."""
    return _after(headers, _KEY)


def _after(headers: Mapping[bytes, bytes], schemes: tuple[str, ...]) -> str | None:
    scheme, _, credentials = headers.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
    return credentials.strip() or None if scheme.lower() in schemes else None


def challenge(path: str) -> str:
    return "Api-Key" if path.startswith(SERVERS) else "Token"
