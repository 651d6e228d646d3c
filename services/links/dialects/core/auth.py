from collections.abc import Mapping


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The API key of `X-API-Key`; no other header is looked at."""
    key = headers.get(b"x-api-key")
    return None if key is None else key.decode("latin-1")
