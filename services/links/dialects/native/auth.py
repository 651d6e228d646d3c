from collections.abc import Mapping

_BEARER = "bearer "


def token_of(headers: Mapping[str, str]) -> str | None:
    """The API key of `Authorization: Bearer …` or `X-API-Key`; None when there is none."""
    authorization = headers.get("authorization")
    if authorization is None:
        return headers.get("x-api-key")
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return None
    return authorization[len(_BEARER) :].strip()
