"""API keys: `plk_<test|live>_<id>_<secret>`. The secret is 256 random bits, shown once and kept as SHA-256."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

from services.links.domain.organization import Organization

Scope = Literal[
    "links:read",
    "links:write",
    "products:read",
    "products:write",
    "organization:read",
    "organization:write",
    "keys:write",
    "charges:read",
    "refunds:write",
    "providers:read",
    "providers:write",
    "webhooks:read",
    "webhooks:write",
    "mails:read",
    "mails:write",
    "plans:read",
    "plans:write",
    "coupons:read",
    "coupons:write",
    "taxes:read",
    "taxes:write",
    "members:read",
    "members:write",
]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
PREFIX: Final = "plk"
OVERLAP_SECONDS_DEFAULT: Final = 86_400
OVERLAP_SECONDS_MAX: Final = 30 * 86_400
ID_CHARS_MAX: Final = 32
_PARTS: Final = 4
_TOKEN_CHARS_MAX: Final = 128


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    org_id: UUID
    livemode: bool
    name: str
    scopes: tuple[Scope, ...]
    secret_sha256: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    rotated_to: str | None = None
    last_used_at: datetime | None = None

    @property
    def by(self) -> str:
        return f"key:{self.id}"

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def opens_with(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_sha256, digest(secret))


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, once proven. `by` names it in the history of a link: `key:<id>`, `member:<id>`, `token:<subject>`."""

    organization: Organization
    livemode: bool
    by: str
    scopes: tuple[Scope, ...]

    @property
    def org_id(self) -> UUID:
        return self.organization.id

    @property
    def scope(self) -> str:
        """The room in which this actor's Idempotency-Keys are unique."""
        return f"{self.organization.id}:{'live' if self.livemode else 'test'}"


class KeyDraft(msgspec.Struct, frozen=True, kw_only=True):
    """`livemode` None is the mode of the key that asks."""

    name: str
    scopes: tuple[Scope, ...]
    livemode: bool | None = None
    expires_at: datetime | None = None


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def bearer(key: ApiKey, secret: str) -> str:
    return f"{PREFIX}_{'live' if key.livemode else 'test'}_{key.id}_{secret}"


def is_key_id(text: str) -> bool:
    return text.isascii() and text.isalnum() and len(text) <= ID_CHARS_MAX


def parse(token: str) -> tuple[bool, str, str] | None:
    """(livemode, id, secret) of a bearer, or None when it is not shaped like one of ours."""
    parts = token.split("_", _PARTS - 1)
    if len(token) > _TOKEN_CHARS_MAX or len(parts) != _PARTS or not token.isascii():
        return None
    prefix, mode, key_id, secret = parts
    if prefix != PREFIX or mode not in {"live", "test"} or not is_key_id(key_id):
        return None
    return mode == "live", key_id, secret


def overlap_end(key: ApiKey, now: datetime, overlap_seconds: int) -> datetime:
    """Until when the old key of a rotation works: never longer than it would have anyway."""
    end = now + timedelta(seconds=overlap_seconds)
    return min(end, key.expires_at) if key.expires_at else end
