"""The address of a buyer's session, with the token that opens it; and of a link.

Who holds the token may pay and read that session, and nothing else. It is recomputed by whoever has to show or send it,
and so stands in no table and in no fact on the bus.
"""

from uuid import UUID

from shared.runtime.secrets import TokenMaker, derive


class SessionPages:
    """`public_url` is the gateway's origin."""

    def __init__(self, root_secret: bytes, public_url: str) -> None:
        self._maker = TokenMaker(derive(root_secret, "session-token"))
        self._public_url = public_url.rstrip("/")

    def token(self, session_id: UUID) -> str:
        return self._maker.token_for(str(session_id))

    def opens(self, session_id: UUID, token: str) -> bool:
        return token.isascii() and self._maker.belongs(token, str(session_id))

    def link_url(self, slug: str, *, origin: str | None = None) -> str:
        """The page where a link is paid, at the merchant's own origin where there is one. Everybody may open it."""
        return f"{origin or self._public_url}/checkout/{slug}"

    def url(self, session_id: UUID) -> str:
        """The session's page, and later its receipt."""
        return f"{self._public_url}/checkout/sessions/{session_id}?token={self.token(session_id)}"
