"""A session's token, as checkout asks for it."""

from uuid import UUID

from shared.kernel.faults import Unauthorized
from shared.runtime.session_pages import SessionPages


class SessionTokens(SessionPages):
    def require(self, session_id: UUID, token: str | None) -> None:
        """Raises: Unauthorized: no token, or one of another session. It does not tell whether the session exists."""
        if token is None or not self.opens(session_id, token):
            raise Unauthorized
