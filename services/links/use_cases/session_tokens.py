"""The token of a session: signed, not stored. It says whose it is; whether it still works, the login says."""

from datetime import UTC, timedelta
from typing import Any

import jwt

from services.links.domain.member import Login, Role
from shared.runtime.member_tokens import ALGORITHM, AUDIENCE, SESSION_COOKIE, TokenReader


def set_cookie(token: str, *, lasts: timedelta, secure: bool) -> str:
    """The `Set-Cookie` of a session; with an empty token, of its end. No script can read it."""
    seconds = int(lasts.total_seconds())
    cookie = f"{SESSION_COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
    return f"{cookie}; Secure" if secure else cookie


class SessionTokens(TokenReader):
    """Issues them, too."""

    def token_for(self, login: Login, role: Role) -> str:
        claims: dict[str, Any] = {
            "sub": str(login.member_id),
            "org": str(login.org_id),
            "sid": str(login.id),
            "livemode": login.livemode,
            "role": role,
            "iat": login.created_at.astimezone(UTC),
            "exp": login.expires_at.astimezone(UTC),
            "aud": AUDIENCE,
        }
        return jwt.encode(claims, self.key, algorithm=ALGORITHM)
