from collections.abc import Mapping


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The API key of `X-API-Key`; no other header is looked at."""
    key = headers.get(b"x-api-key")
    return None if key is None else key.decode("latin-1")


def challenge(_: str) -> str:
    """Keys in headers of their own have no registered scheme, so this one says where the key goes."""
    return 'ApiKey header="X-API-Key"'
