from collections.abc import Mapping
from typing import Final

_BEARER: Final = b"bearer "
_DOTS: Final = 2


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The API key of `Authorization: Bearer …` or `X-API-Key`; None when there is none."""
    authorization = headers.get(b"authorization")
    if authorization is None:
        key = headers.get(b"x-api-key")
        return None if key is None else key.decode("latin-1")
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return None
    return authorization[len(_BEARER) :].strip().decode("latin-1")


def is_session(token: str | None) -> bool:
    """A signed token (RFC 7519, compact) is three parts between dots; no key has a dot in it."""
    return token is not None and token.count(".") == _DOTS
