"""Programs that come with a token of somebody else's making: a JWT that says who they are and what they may do.

After RFC 8725: the algorithms are ours to choose, a secret is never used as a public key or the other way round, and
issuer, audience, subject and expiry must be there.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

import jwt
import msgspec

from services.links.domain.keys import Actor, Scope
from services.links.store import links, organizations
from services.links.use_cases.client_keys import ClientKeys
from shared.kernel.faults import Forbidden, NotFound, Unauthorized
from shared.runtime.limits import Limiter
from shared.runtime.postgres import Postgres

Role = Literal["internal-admin", "org-admin"]
SCOPES: Final[tuple[Scope, ...]] = ("links:read", "links:write")
SECRET_ALGORITHMS: Final = ("HS256", "HS384", "HS512")
KEY_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_SECONDS: Final = 30
"""Clocks differ; a token may be this much over, or ahead."""
TOKEN_CHARS_MAX: Final = 8_000
SUBJECT_CHARS_MAX: Final = 200
ROLES_MAX: Final = 100
SECONDS_MAX: Final = 10**11
_TYPES: Final = (None, "jwt", "at+jwt")
_OPTIONS: Final[Any] = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "require": ["exp", "iss", "aud", "sub"],
}
"""Time is compared here, since `now` is passed in."""


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Whose tokens are believed. Without a secret and without keys, nobody's."""

    issuer: str
    audience: str
    algorithms: frozenset[str]
    secret: bytes | None = None
    keys: ClientKeys | None = None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """`org_id` is None only for an internal-admin, who may work for any organization."""

    subject: str
    role: Role
    org_id: UUID | None

    @property
    def by(self) -> str:
        return f"token:{self.subject}"

    def may_see(self, org_id: UUID) -> bool:
        return self.role == "internal-admin" or self.org_id == org_id


class Clients:
    """Finds out who asks by a token. `livemode` is the mode of the stack: a token has none of its own."""

    def __init__(self, pg: Postgres, trust: Trust, limiter: Limiter, *, livemode: bool) -> None:
        self._pg = pg
        self._trust = trust
        self._limiter = limiter
        self.livemode = livemode

    async def known(self, token: str | None, *, now: datetime) -> Client:
        """Who this token speaks for.

        Raises:
            Unauthorized: no token, or none that we believe now.
            Forbidden: it names no role that may do anything here.
            RateLimited: its subject has asked too often.
            Unavailable: the keys to check it with cannot be read.
        """
        payload = await self._payload(token or "", now)
        subject = payload["sub"]
        if not 1 <= len(subject) <= SUBJECT_CHARS_MAX or not subject.isprintable():
            raise Unauthorized
        self._limiter.spend(subject)
        return Client(subject=subject, role=_role(payload), org_id=_org_id(payload))

    async def actor(self, client: Client, org_id: UUID | None) -> Actor:
        """The client at work for this organization; None is its own.

        Raises:
            NotFound: there is no such organization for this client.
        """
        wanted = org_id or client.org_id
        if wanted is None or not client.may_see(wanted):
            raise NotFound("organization")
        organization = await organizations.find(self._pg, wanted)
        if organization is None:
            raise NotFound("organization")
        return Actor(organization=organization, livemode=self.livemode, by=client.by, scopes=SCOPES)

    async def actor_of_link(self, client: Client, link_id: UUID) -> Actor:
        """The client at work for whose link this is.

        Raises:
            NotFound: there is no such link for this client.
        """
        link = await links.find_by_id(self._pg, link_id)
        if link is None or not client.may_see(link.org_id):
            raise NotFound("payment_link")
        return await self.actor(client, link.org_id)

    async def close(self) -> None:
        if self._trust.keys is not None:
            await self._trust.keys.close()

    async def _payload(self, token: str, now: datetime) -> dict[str, Any]:
        if not token or len(token) > TOKEN_CHARS_MAX or not token.isascii():
            raise Unauthorized
        try:
            header = jwt.get_unverified_header(token)
            algorithm = _algorithm(header, self._trust.algorithms)
            key = await self._key(algorithm, header.get("kid"))
            payload: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._trust.audience,
                issuer=self._trust.issuer,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise Unauthorized from None
        if not _is_now(payload, now.timestamp()):
            raise Unauthorized
        return payload

    async def _key(self, algorithm: str, kid: object) -> Any:
        """Raises: Unauthorized: none that goes with this algorithm."""
        if algorithm in SECRET_ALGORITHMS:
            if self._trust.secret is None:
                raise Unauthorized
            return self._trust.secret
        if self._trust.keys is None or not isinstance(kid, str):
            raise Unauthorized
        found = await self._trust.keys.find(kid)
        if found is None or algorithm not in found.algorithms:
            raise Unauthorized
        return found.key


def _algorithm(header: dict[str, Any], believed: frozenset[str]) -> str:
    """Raises: Unauthorized: not one of ours, or the token is of another kind, or asks for what we do not know."""
    algorithm, kind = header.get("alg"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in believed or "crit" in header:
        raise Unauthorized
    if (kind.lower() if isinstance(kind, str) else kind) not in _TYPES:
        raise Unauthorized
    return algorithm


def _is_now(payload: dict[str, Any], now: float) -> bool:
    """Whether every time in it, in seconds since 1970, allows `now`; without an end, none does."""
    ends = _seconds(payload["exp"])
    begins = [_seconds(payload[name]) for name in ("nbf", "iat") if name in payload]
    if ends is None or any(begin is None for begin in begins):
        return False
    return now < ends + LEEWAY_SECONDS and all(begin is not None and begin <= now + LEEWAY_SECONDS for begin in begins)


def _seconds(value: Any) -> float | None:
    """None: no number, or none that a clock could show; so written, NaN is refused, too."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < SECONDS_MAX:
        return None
    return float(value)


def _role(payload: dict[str, Any]) -> Role:
    """The most that it may do, of `role` and `roles`.

    Raises:
        Forbidden: neither names one of ours, or an org-admin has no organization.
    """
    named = {role for role in (payload.get("role"), *_listed(payload.get("roles"))) if isinstance(role, str)}
    if "internal-admin" in named:
        return "internal-admin"
    if "org-admin" in named and _org_id(payload) is not None:
        return "org-admin"
    raise Forbidden("org-admin")


def _listed(roles: Any) -> Iterable[Any]:
    return cast("list[Any]", roles)[:ROLES_MAX] if isinstance(roles, list) else ()


def _org_id(payload: dict[str, Any]) -> UUID | None:
    named = payload.get("org_id")
    try:
        return UUID(named) if isinstance(named, str) else None
    except ValueError:
        return None
