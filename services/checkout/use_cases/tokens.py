"""A session's token: who holds it may pay and read this session, and nothing else."""

from uuid import UUID

from services.checkout.domain.faults import Unauthorized
from shared.runtime.secrets import TokenMaker, derive


class SessionTokens:
    """`public_url` is the gateway's origin."""

    def __init__(self, root_secret: bytes, public_url: str) -> None:
        self._maker = TokenMaker(derive(root_secret, "session-token"))
        self._public_url = public_url.rstrip("/")

    def token(self, session_id: UUID) -> str:
        return self._maker.token_for(str(session_id))

    def url(self, session_id: UUID) -> str:
        """The session's page, and later its receipt, for whom it was made: it bears the token."""
        return f"{self._public_url}/checkout/sessions/{session_id}?token={self.token(session_id)}"

    def require(self, session_id: UUID, token: str | None) -> None:
        """Raises: Unauthorized: no token, or one of another session. It does not tell whether the session exists."""
        if token is None or not token.isascii() or not self._maker.belongs(token, str(session_id)):
            raise Unauthorized
