"""The token of a buyer who proved an address: a JWT of type `payment_link`, checked without asking anybody.

After RFC 8725: one algorithm, an explicit `typ`, an audience of its own, keys from a list, every claim required. That
the link is still open, and still made for that address, is looked up on every use and not believed of the token.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.contracts.otp import PublicKey

ALGORITHM: Final = "EdDSA"
TYPE: Final = "payment-link+jwt"
AUDIENCE: Final = "payment_link"
CLAIM: Final = "payment_link"
TOKEN_CHARS_MAX: Final = 2_000

_REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub", "jti", "type"]
_UNTIMED: Final[Any] = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": _REQUIRED}
"""Time is compared here, since `now` is passed in."""


class UnknownKey(Exception):  # noqa: N818 - the token may be fine
    """No key of this name is known: it may be newer than our list."""


class LinkClaims(msgspec.Struct, frozen=True, kw_only=True):
    """`email` is lower-cased. The ids are those that the code was asked with.

    A token without a link opens each link of its address.
    """

    email: str
    token_id: str
    issued_at: datetime
    expires_at: datetime
    org_id: UUID | None = None
    link_id: UUID | None = None

    def open(self, *, org_id: UUID, link_id: UUID, recipient: str | None) -> bool:
        """Whether this is the person that a link waits for."""
        if self.link_id is not None and self.link_id != link_id:
            return False
        if self.org_id is not None and self.org_id != org_id:
            return False
        return recipient is not None and recipient.strip().lower() == self.email


def sign(claims: LinkClaims, private: Ed25519PrivateKey, *, kid: str, issuer: str) -> str:
    payload: dict[str, object] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": claims.email,
        "type": CLAIM,
        "jti": claims.token_id,
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
    }
    if claims.org_id is not None:
        payload["org_id"] = str(claims.org_id)
    if claims.link_id is not None:
        payload["link_id"] = str(claims.link_id)
    return jwt.encode(payload, private, algorithm=ALGORITHM, headers={"kid": kid, "typ": TYPE})


def read(token: str, keys: Mapping[str, PublicKey], *, issuer: str, now: datetime) -> LinkClaims | None:
    """What the token says; None: it is not ours, or its time is over.

    Raises:
        UnknownKey: it names a key that is not in `keys`.
    """
    if len(token) > TOKEN_CHARS_MAX:
        return None
    try:
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("typ") != TYPE or header.get("alg") != ALGORITHM or not isinstance(kid, str):
            return None
        if kid not in keys:
            raise UnknownKey
        public = Ed25519PublicKey.from_public_bytes(_raw(keys[kid].x))
        payload: dict[str, Any] = jwt.decode(
            token, public, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=issuer, options=_UNTIMED
        )
        claims = _claims(payload)
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        return None
    return claims if payload["type"] == CLAIM and claims.issued_at <= now < claims.expires_at else None


def names_one_of(token: str, keys: Mapping[str, PublicKey]) -> bool:
    try:
        return jwt.get_unverified_header(token).get("kid") in keys
    except jwt.InvalidTokenError:
        return False


def public_x(private: Ed25519PrivateKey) -> str:
    return base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).rstrip(b"=").decode()


def _raw(x: str) -> bytes:
    return base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))


def _claims(payload: Mapping[str, Any]) -> LinkClaims:
    org_id, link_id = payload.get("org_id"), payload.get("link_id")
    return LinkClaims(
        email=str(payload["sub"]),
        token_id=str(payload["jti"]),
        issued_at=datetime.fromtimestamp(payload["iat"], UTC),
        expires_at=datetime.fromtimestamp(payload["exp"], UTC),
        org_id=UUID(org_id) if org_id is not None else None,
        link_id=UUID(link_id) if link_id is not None else None,
    )
