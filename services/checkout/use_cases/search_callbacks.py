"""Looking into the inbox of callbacks, and applying one again."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.callbacks import CallbackSeen, Filters, WholeCallback
from services.checkout.domain.owner import Owner
from services.checkout.providers.port import Ask, Ignored, Provider
from services.checkout.providers.registry import Providers
from services.checkout.store import callback as store
from services.checkout.use_cases.accounts import Accounts
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres

REPLAY_SECONDS_MAX: Final = 3.0
LOOK_SECONDS: Final = 0.05
_EFFECTIVE: Final = frozenset({"accepted", "duplicate"})


class Replayed(Struct, frozen=True):
    """`replayed` False: it was applied before. The row is as it stands a moment later, maybe not applied yet."""

    replayed: bool
    row: CallbackSeen


class SearchCallbacks:
    """`stored` is rung when one waits to be applied."""

    def __init__(
        self, postgres: Postgres, providers: Providers, accounts: Accounts, *, stored: Callable[[], None]
    ) -> None:
        self._postgres = postgres
        self._providers = providers
        self._accounts = accounts
        self._stored = stored

    async def list(self, owner: Owner, filters: Filters, *, before: UUID | None, limit: int) -> Sequence[CallbackSeen]:
        """Newest first; one more than `limit` where there is more."""
        return await store.list_callbacks(
            self._postgres, owner.org_id, filters, livemode=owner.livemode, before=before, limit=limit + 1
        )

    async def list_every(self, *, verdict: str | None, provider: str | None, limit: int) -> Sequence[CallbackSeen]:
        return await store.list_every_callback(self._postgres, verdict=verdict, provider=provider, limit=limit)

    async def show(self, callback_id: UUID, *, owner: Owner | None) -> WholeCallback:
        """`owner` None: the operator asks. Raises: NotFound."""
        whole = await store.show_callback(self._postgres, callback_id)
        if whole is None or (
            owner is not None and (whole.row.org_id, whole.livemode) != (owner.org_id, owner.livemode)
        ):
            raise NotFound("callback")
        return whole

    async def replay(self, callback_id: UUID, *, owner: Owner | None) -> Replayed:
        """Verifies, reads and judges it again, as of when it came. Its effect happens once, however often this is done.

        Raises:
            NotFound.
        """
        whole = await self.show(callback_id, owner=owner)
        if whole.row.verdict in _EFFECTIVE:
            return Replayed(replayed=False, row=whole.row)
        provider = self._providers.find(whole.row.provider)
        account = await self._accounts.by_id(whole.row.account_id)
        if provider is None or account is None or not await self._is_authentic(provider, whole):
            return Replayed(replayed=False, row=whole.row)
        said = provider.read(account.external_id, whole.body)
        if said is None or isinstance(said, Ignored):
            return Replayed(replayed=False, row=whole.row)
        asks_for = said.reference if isinstance(said, Ask) else None
        if not await store.replay_callback(self._postgres, callback_id, event_id=said.event_id, asks_for=asks_for):
            return Replayed(replayed=False, row=whole.row)
        self._stored()
        return Replayed(replayed=True, row=await self._settled(callback_id))

    async def _is_authentic(self, provider: Provider, whole: WholeCallback) -> bool:
        """By the secret of now, or the one before: it may have been set right since."""
        account = await self._accounts.by_id(whole.row.account_id)
        if account is None:
            return False
        came: datetime = whole.row.received_at
        if provider.is_authentic(account, whole.headers, body=whole.body, now=came):
            return True
        before = self._accounts.before_rotation(account, came)
        return before is not None and provider.is_authentic(before, whole.headers, body=whole.body, now=came)

    async def _settled(self, callback_id: UUID) -> CallbackSeen:
        ends = time.monotonic() + REPLAY_SECONDS_MAX
        while True:
            whole = await self.show(callback_id, owner=None)
            if whole.row.verdict != "received" or time.monotonic() >= ends:
                return whole.row
            await asyncio.sleep(LOOK_SECONDS)
