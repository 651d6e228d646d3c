import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from services.links.domain import keys as rules
from services.links.domain.keys import Actor, ApiKey, Scope
from services.links.domain.organization import Organization
from services.links.store import keys, organizations
from shared.kernel.faults import Forbidden, Unauthorized
from shared.runtime.limits import Limiter
from shared.runtime.postgres import Postgres

KNOWN_SECONDS: Final = 2.0
"""For so long a key that was revoked in another replica still works here."""
KNOWN_MAX: Final = 10_000


class _Known(msgspec.Struct):
    key: ApiKey
    organization: Organization
    until: float


class Authenticator:
    """Finds out who asks. Keys are remembered for a moment, so that a busy one costs no query per request."""

    def __init__(self, pg: Postgres, limiter: Limiter, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pg = pg
        self._limiter = limiter
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}
        self._used: dict[str, datetime] = {}

    async def actor(self, token: str | None, scope: Scope, *, now: datetime) -> Actor:
        """The key's owner, who may do this now.

        Raises:
            Unauthorized: no key, or not one that works.
            Forbidden: it lacks the scope.
            RateLimited: it has asked too often.
        """
        parts = rules.parse(token) if token else None
        if parts is None:
            raise Unauthorized
        livemode, key_id, secret = parts
        known = await self._find(key_id)
        if known is None or not known.key.opens_with(secret) or known.key.livemode is not livemode:
            raise Unauthorized
        if not known.key.works(now):
            raise Unauthorized
        self._limiter.spend(key_id)
        if scope not in known.key.scopes:
            raise Forbidden(scope)
        self._used[key_id] = now
        return Actor(organization=known.organization, livemode=livemode, by=known.key.by, scopes=known.key.scopes)

    def forget(self, key_id: str) -> None:
        self._known.pop(key_id, None)

    def forget_all(self) -> None:
        self._known.clear()

    async def mark_used(self) -> None:
        """Writes down when each key was used last: one statement for all since the last time."""
        if self._used:
            used, self._used = self._used, {}
            await keys.mark_used(self._pg, used)

    async def _find(self, key_id: str) -> _Known | None:
        known = self._known.get(key_id)
        now = self._monotonic()
        if known is not None and now < known.until:
            return known
        key = await keys.find(self._pg, key_id)
        organization = await organizations.find(self._pg, key.org_id) if key else None
        if key is None or organization is None:
            self._known.pop(key_id, None)
            return None
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        known = self._known[key_id] = _Known(key, organization, now + KNOWN_SECONDS)
        return known
