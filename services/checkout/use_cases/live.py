"""Who waits for news of a session is woken, whichever replica made the news."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from services.checkout.domain.faults import TooManyListeners
from shared.runtime.bell import Bell

LISTENERS_MAX: Final = 2_000
LISTENERS_PER_SESSION_MAX: Final = 8


class SessionBell(Bell):
    """Rings when the session may have changed. `closing` is set when this process stops."""

    def __init__(self, closing: asyncio.Event) -> None:
        super().__init__()
        self.closing = closing


class Live:
    """A bell that is lost costs nothing but time: who waits reads again now and then anyway."""

    def __init__(self) -> None:
        self._bells: dict[UUID, set[SessionBell]] = {}
        self._count = 0
        self._closing = asyncio.Event()
        self.somebody = asyncio.Event()
        """Set while anybody listens."""

    def changed(self, session_id: UUID) -> None:
        for bell in self._bells.get(session_id, ()):
            bell.ring()

    def everything_changed(self) -> None:
        """News may have been missed (the bus was away): everybody looks again."""
        for session_id in list(self._bells):
            self.changed(session_id)

    def close(self) -> None:
        self._closing.set()
        self.everything_changed()

    def require_room(self, session_id: UUID) -> None:
        """Raises: TooManyListeners: one more would be too many, for this session or for this process."""
        if self._count >= LISTENERS_MAX or len(self._bells.get(session_id, ())) >= LISTENERS_PER_SESSION_MAX:
            raise TooManyListeners

    @asynccontextmanager
    async def listen(self, session_id: UUID) -> AsyncGenerator[SessionBell, None]:
        bells = self._bells.setdefault(session_id, set())
        bell = SessionBell(self._closing)
        bells.add(bell)
        self._count += 1
        self.somebody.set()
        try:
            yield bell
        finally:
            self._count -= 1
            bells.discard(bell)
            if not bells:
                self._bells.pop(session_id, None)
            if not self._bells:
                self.somebody.clear()
