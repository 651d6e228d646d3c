from collections.abc import Mapping
from typing import Final

_BEARER: Final = b"bearer "


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The API key of `Authorization: Bearer …` or `X-API-Key`; None when there is none."""
    authorization = headers.get(b"authorization")
    if authorization is None:
        key = headers.get(b"x-api-key")
        return None if key is None else key.decode("latin-1")
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return None
    return authorization[len(_BEARER) :].strip().decode("latin-1")
