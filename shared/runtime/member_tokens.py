"""Reading the token of a member's sign-in: every service with the root secret can; links alone issues them."""

from datetime import datetime
from typing import Final
from uuid import UUID

import jwt
import msgspec

from shared.runtime.secrets import derive

SESSION_COOKIE: Final = "session"
AUDIENCE: Final = "paylinks-session"
ALGORITHM: Final = "HS256"
TOKEN_CHARS_MAX: Final = 1024
_CLAIMS: Final = ("sub", "org", "sid", "livemode", "role", "iat", "exp", "aud")


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


class TokenReader:
    """`root_secret` is the installation's: every process with it reads the tokens of every other."""

    def __init__(self, root_secret: bytes) -> None:
        self.key = derive(root_secret, "session")

    def read(self, token: str) -> Claims | None:
        """The claims of a token that links has signed, whether or not its time is over; None for anything else."""
        if len(token) > TOKEN_CHARS_MAX or not token.isascii():
            return None
        try:
            claims = jwt.decode(
                token,
                self.key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                # Time is compared by those who ask, with the `now` that they were given.
                options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False},
            )
            return msgspec.convert(claims, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError):
            return None
