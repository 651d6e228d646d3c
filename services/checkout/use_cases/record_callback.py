"""A provider's message comes in: verified, stored as it came, answered. What it means is decided afterwards."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from services.checkout.domain.charge import IngestVerdict
from services.checkout.providers.port import Account, Ask, Ignored, Provider
from services.checkout.providers.registry import Providers
from services.checkout.store import callback as store
from services.checkout.store.callback import NewCallback
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.intake import Intake
from shared.contracts.checkout import CallbackRefused
from shared.kernel.faults import NotFound
from shared.kernel.ids import new_id
from shared.runtime.crash import crash_point
from shared.runtime.limits import Limiter
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres
from shared.runtime.together import Together

FORGED_BYTES_KEPT: Final = 8 * 1024
"""A real callback is far smaller; a forgery is kept to be looked at, not to fill the disk."""

_encode: Final = msgspec.json.Encoder().encode


class RecordCallback:
    """Those that come while others are being stored go together in the next statement.

    `stored` is rung after the commit of one that waits to be applied, `asks` of one whose provider is to be asked;
    `forgeries` bounds how many are kept.
    """

    def __init__(
        self,
        postgres: Postgres,
        accounts: Accounts,
        providers: Providers,
        *,
        forgeries: Limiter,
        intake: Intake,
        stored: Callable[[], None],
        asks: Callable[[], None],
        wake: Wake,
    ) -> None:
        self._postgres = postgres
        self._accounts = accounts
        self._providers = providers
        self._forgeries = forgeries
        self._intake = intake
        self._stored = stored
        self._asks = asks
        self._wake = wake
        self._together = Together("callbacks", self._insert)

    async def __call__(
        self,
        provider_name: str,
        account_id: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        client_ip: str,
        now: datetime,
    ) -> IngestVerdict:
        """`account_id` is the provider's name of the account; `headers` have lower-case names.

        Raises:
            NotFound: there is no such provider, or nobody has such an account here; nothing was stored.
            RateLimited: too many forgeries from this address or for this account; nothing was stored.
        """
        provider = self._providers.find(provider_name)
        account = await self._accounts.by_external_id(provider_name, account_id) if provider else None
        if provider is None or account is None:
            raise NotFound("account")
        event_id = asks_for = None
        if not self._is_authentic(provider, account, headers, body=body, now=now):
            self._forgeries.spend(client_ip)
            self._forgeries.spend(account.external_id)
            verdict: IngestVerdict = "bad_signature"
            body = body[:FORGED_BYTES_KEPT]
        elif (said := provider.read(account.external_id, body)) is None:
            verdict = "malformed"
        else:
            verdict, event_id = "ignored" if isinstance(said, Ignored) else "received", said.event_id
            asks_for = said.reference if isinstance(said, Ask) else None
        new = NewCallback(
            id=new_id(),
            org_id=account.org_id,
            account_id=account.id,
            provider=account.provider,
            event_id=event_id,
            headers=_encode(provider.kept_headers(headers)).decode(),
            body=body,
            verdict=verdict,
            received_at=now,
            asks_for=asks_for,
        )
        await self._store(new)
        return verdict

    def _is_authentic(
        self, provider: Provider, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime
    ) -> bool:
        """By the account's credentials, or for a while after a rotation by those before."""
        if provider.is_authentic(account, headers, body=body, now=now):
            return True
        before = self._accounts.before_rotation(account, now)
        return before is not None and provider.is_authentic(before, headers, body=body, now=now)

    async def _store(self, new: NewCallback) -> None:
        if new.verdict in ("received", "ignored"):
            with self._intake.storing():
                await self._together.do(new)
            crash_point("callback.stored")
            if new.asks_for is not None:
                self._asks()
            elif new.verdict == "received":
                self._stored()
            return
        refused = CallbackRefused(org_id=new.org_id, callback_id=new.id, provider=new.provider, verdict=new.verdict)
        # By itself: there are few that are kept, and what is wrong with one concerns nobody else.
        await store.insert_refused_callback(self._postgres, new, refused)
        self._wake()

    async def _insert(self, new: Sequence[NewCallback]) -> Sequence[None]:
        await store.insert_callbacks(self._postgres, new)
        return [None] * len(new)
