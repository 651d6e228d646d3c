import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.keys import Actor, Scope
from services.links.domain.member import Login, Member, scopes_of
from services.links.domain.organization import Organization
from services.links.store import logins, organizations
from services.links.use_cases.session_tokens import SessionTokens
from shared.kernel.faults import Forbidden, Unauthorized
from shared.runtime.limits import Limiter
from shared.runtime.postgres import Postgres

KNOWN_SECONDS: Final = 2.0
"""For so long a session that was ended in another replica still works here."""
KNOWN_MAX: Final = 10_000
KEPT: Final = timedelta(days=30)
"""How long a sign-in can be looked up after it has expired."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that works now, with its member and organization as they are now."""

    login: Login
    member: Member
    organization: Organization

    @property
    def actor(self) -> Actor:
        return Actor(
            organization=self.organization,
            livemode=self.login.livemode,
            by=self.member.by,
            scopes=scopes_of(self.member.role),
        )


class SessionAuthenticator:
    """Finds out which member asks. Sessions are remembered for a moment, as keys are."""

    def __init__(
        self,
        pg: Postgres,
        tokens: SessionTokens,
        limiter: Limiter,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pg = pg
        self._tokens = tokens
        self._limiter = limiter
        self._monotonic = monotonic
        self._known: dict[UUID, tuple[Session, float]] = {}
        self._used: dict[UUID, datetime] = {}

    async def actor(self, token: str | None, scope: Scope, *, now: datetime) -> Actor:
        """The member who holds this token, and may do this now. Their rights are those of their present role.

        Raises:
            Unauthorized: no token, or not one that works: forged, expired, ended, of a member who has left.
            Forbidden: their role lacks the scope.
            RateLimited: they have asked too often.
        """
        actor = (await self.session(token, now=now)).actor
        if scope not in actor.scopes:
            raise Forbidden(scope)
        return actor

    async def session(self, token: str | None, *, now: datetime) -> Session:
        """The session itself, for what concerns the member alone.

        Raises:
            Unauthorized, RateLimited: as for `actor`.
        """
        claims = self._tokens.read(token) if token else None
        if claims is None or claims.expired(now):
            raise Unauthorized
        session = await self._find(claims.sid)
        if session is None or not session.login.works(now):
            raise Unauthorized
        login = session.login
        if (login.member_id, login.org_id, login.livemode) != (claims.sub, claims.org, claims.livemode):
            raise Unauthorized
        self._limiter.spend(str(login.id))
        self._used[login.id] = now
        return session

    def forget(self, login_id: UUID) -> None:
        self._known.pop(login_id, None)

    def forget_all(self) -> None:
        self._known.clear()

    async def mark_used(self) -> None:
        """Writes down when each session was used last: one statement for all since the last time."""
        if self._used:
            used, self._used = self._used, {}
            await logins.mark_used(self._pg, used)

    async def tidy(self, now: datetime) -> None:
        await logins.forget(self._pg, now - KEPT)

    async def _find(self, login_id: UUID) -> Session | None:
        session, until = self._known.get(login_id, (None, 0.0))
        now = self._monotonic()
        if session is not None and now < until:
            return session
        self._known.pop(login_id, None)
        found = await logins.find_session(self._pg, login_id)
        organization = await organizations.find(self._pg, found[0].org_id) if found else None
        if found is None or organization is None:
            return None
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        session = Session(login=found[0], member=found[1], organization=organization)
        self._known[login_id] = (session, now + KNOWN_SECONDS)
        return session
