"""What is known of the links of mails that are about to go out: looked up for many at once, and anew each second."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from services.notify.domain.link_mail import Known
from services.notify.store import link_mails
from shared.runtime.postgres import Postgres

FRESH_SECONDS: Final = 1.0
"""A link may be revoked while its mail is handed to the mail server; this makes that moment a second longer."""


class FreshLinks:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._expected: set[UUID] = set()
        self._known: dict[UUID, Known] = {}
        self._stale_at = 0.0
        self._asking = asyncio.Lock()

    def expect(self, link_ids: Iterable[UUID]) -> None:
        """These are asked for next, and are looked up together when the first of them is."""
        self._expected = set(link_ids)
        self._stale_at = 0.0

    async def find(self, link_id: UUID) -> Known | None:
        if link_id not in self._expected:
            return await link_mails.find_known(self._postgres, link_id)
        async with self._asking:
            # By the machine's clock: how old an answer is has nothing to do with the time that mails are due at.
            if time.monotonic() >= self._stale_at:
                asked_at = time.monotonic()
                self._known = await link_mails.find_known_links(self._postgres, list(self._expected))
                self._stale_at = asked_at + FRESH_SECONDS
        return self._known.get(link_id)
