"""A session as its buyer sees it."""

from uuid import UUID

from services.checkout.domain.session import SessionState
from services.checkout.store import session as store
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres


class ReadSession:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def __call__(self, session_id: UUID) -> SessionState:
        """Raises: NotFound: there is no such session. Whether the caller may see it, the token has told."""
        state = await store.read_session(self._postgres, session_id)
        if state is None:
            raise NotFound("session")
        return state
