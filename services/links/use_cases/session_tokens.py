"""The token of a session: signed, not stored. It says whose it is; whether it still works, the login says."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
import msgspec

from services.links.domain.member import Login, Role
from shared.runtime.secrets import derive

SESSION_COOKIE: Final = "session"
AUDIENCE: Final = "paylinks-session"
TOKEN_CHARS_MAX: Final = 1024
_ALGORITHM: Final = "HS256"
_CLAIMS: Final = ("sub", "org", "sid", "livemode", "role", "iat", "exp", "aud")


def set_cookie(token: str, *, lasts: timedelta, secure: bool) -> str:
    """The `Set-Cookie` of a session; with an empty token, of its end. No script can read it."""
    seconds = int(lasts.total_seconds())
    cookie = f"{SESSION_COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
    return f"{cookie}; Secure" if secure else cookie


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a genuine token says. `role` is the one at the sign-in: rights go by the present one."""

    sub: UUID
    org: UUID
    sid: UUID
    livemode: bool
    role: str
    iat: int
    exp: int

    def expired(self, now: datetime) -> bool:
        return now.timestamp() >= self.exp


class SessionTokens:
    """`root_secret` is the installation's: every process with it reads the tokens of every other."""

    def __init__(self, root_secret: bytes) -> None:
        self._key = derive(root_secret, "session")

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
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str) -> Claims | None:
        """The claims of a token that we have signed, whether or not its time is over; None for anything else."""
        if len(token) > TOKEN_CHARS_MAX or not token.isascii():
            return None
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                # Time is compared by those who ask, with the `now` that they were given.
                options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False},
            )
            return msgspec.convert(claims, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError):
            return None
