"""Whose tokens are believed, by the settings `PAYLINKS_GATED_JWT_*`; what cannot be meant is refused at the start."""

from functools import partial
from typing import Final
from urllib.parse import urlsplit

from services.links.peers.key_sets import fetch_key_set
from services.links.settings import Settings
from services.links.use_cases.client_keys import ClientKeys, NoKeySet, keys_of
from services.links.use_cases.clients import KEY_ALGORITHMS, SECRET_ALGORITHMS, Trust
from shared.runtime.edge import LOOPBACK
from shared.runtime.settings import SettingsError

SECRET_BYTES_MIN: Final = 32
"""As many as HS256 has in its digest (RFC 7518 section 3.2)."""
SECRET_DEFAULT: Final = ("HS256",)
KEYS_DEFAULT: Final = ("RS256", "ES256", "EdDSA")


def trust_of(settings: Settings) -> Trust:
    """Raises: SettingsError."""
    secret, keys = _secret(settings), _keys(settings)
    if (secret or keys) and not settings.gated_jwt_issuer:
        raise SettingsError("Settings: PAYLINKS_GATED_JWT_ISSUER must say who issues the tokens.")
    return Trust(
        issuer=settings.gated_jwt_issuer,
        audience=settings.gated_jwt_audience,
        algorithms=_algorithms(settings.gated_jwt_algorithms, has_secret=secret is not None, has_keys=keys is not None),
        secret=secret,
        keys=keys,
    )


def _secret(settings: Settings) -> bytes | None:
    secret = settings.gated_jwt_secret.encode()
    if secret and len(secret) < SECRET_BYTES_MIN:
        raise SettingsError(f"Settings: PAYLINKS_GATED_JWT_SECRET must hold at least {SECRET_BYTES_MIN} bytes.")
    return secret or None


def _keys(settings: Settings) -> ClientKeys | None:
    url, inline = settings.gated_jwt_jwks_url, settings.gated_jwt_jwks
    if url and inline:
        raise SettingsError("Settings: set PAYLINKS_GATED_JWT_JWKS_URL or PAYLINKS_GATED_JWT_JWKS, not both.")
    if url:
        parts = urlsplit(url)
        is_near = settings.test_mode and (parts.hostname in LOOPBACK or parts.hostname == "localhost")
        if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and is_near)):
            raise SettingsError("Settings: PAYLINKS_GATED_JWT_JWKS_URL must be an https address.")
        return ClientKeys({}, partial(fetch_key_set, url))
    if inline:
        try:
            return ClientKeys(keys_of(inline.encode()))
        except NoKeySet as error:
            raise SettingsError(f"Settings: PAYLINKS_GATED_JWT_JWKS is no usable JWK set: {error}.") from None
    return None


def _algorithms(text: str, *, has_secret: bool, has_keys: bool) -> frozenset[str]:
    possible = (SECRET_ALGORITHMS if has_secret else ()) + (KEY_ALGORITHMS if has_keys else ())
    named = tuple(name.strip() for name in text.split(",") if name.strip())
    if not named:
        return frozenset((SECRET_DEFAULT if has_secret else ()) + (KEYS_DEFAULT if has_keys else ()))
    if unknown := [name for name in named if name not in possible]:
        raise SettingsError(
            f"Settings: PAYLINKS_GATED_JWT_ALGORITHMS names {unknown[0]!r}, which goes with no key that is set."
        )
    return frozenset(named)
