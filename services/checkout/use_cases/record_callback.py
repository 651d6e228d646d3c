"""A provider's message comes in: verified, stored as it came, answered. What it means is decided afterwards."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from services.checkout.domain.charge import IngestVerdict
from services.checkout.providers.port import Account, Provider
from services.checkout.store import callback as store
from services.checkout.store.callback import NewCallback
from services.checkout.use_cases.accounts import Accounts
from shared.contracts.checkout import CallbackRefused
from shared.kernel.faults import NotFound
from shared.kernel.ids import new_id
from shared.runtime.crash import crash_point
from shared.runtime.limits import Limiter
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres

FORGED_BYTES_KEPT: Final = 8 * 1024
"""A real callback is far smaller; a forgery is kept to be looked at, not to fill the disk."""

_encode: Final = msgspec.json.Encoder().encode


class RecordCallback:
    """`stored` is rung after the commit of one that waits to be applied; `forgeries` bounds how many are kept."""

    def __init__(
        self,
        postgres: Postgres,
        accounts: Accounts,
        provider: Provider,
        *,
        forgeries: Limiter,
        stored: Callable[[], None],
        wake: Wake,
    ) -> None:
        self._postgres = postgres
        self._accounts = accounts
        self._provider = provider
        self._forgeries = forgeries
        self._stored = stored
        self._wake = wake

    async def __call__(
        self, account_id: str, headers: Mapping[str, str], *, body: bytes, client_ip: str, now: datetime
    ) -> IngestVerdict:
        """`account_id` is the provider's name of the account; `headers` have lower-case names.

        Raises:
            NotFound: nobody has such an account here; nothing was stored.
            RateLimited: too many forgeries from this address or for this account; nothing was stored.
        """
        account = await self._accounts.by_external_id(self._provider.name, account_id)
        if account is None:
            raise NotFound("account")
        event_id = None
        if not self._provider.is_authentic(account, headers, body=body, now=now):
            self._forgeries.spend(client_ip)
            self._forgeries.spend(account.external_id)
            verdict: IngestVerdict = "bad_signature"
            body = body[:FORGED_BYTES_KEPT]
        elif (said := self._provider.read(account.external_id, body)) is None:
            verdict = "malformed"
        else:
            verdict, event_id = "received", said.event_id
        await self._store(account, headers, verdict, body=body, event_id=event_id, now=now)
        return verdict

    async def _store(
        self,
        account: Account,
        headers: Mapping[str, str],
        verdict: IngestVerdict,
        *,
        body: bytes,
        event_id: str | None,
        now: datetime,
    ) -> None:
        new = NewCallback(
            id=new_id(),
            org_id=account.org_id,
            account_id=account.id,
            provider=account.provider,
            event_id=event_id,
            headers=_encode(self._provider.kept_headers(headers)).decode(),
            body=body,
            verdict=verdict,
            received_at=now,
        )
        if verdict == "received":
            await store.insert_callback(self._postgres, new, refused=None)
            crash_point("callback.stored")
            self._stored()
            return
        refused = CallbackRefused(org_id=account.org_id, callback_id=new.id, provider=account.provider, verdict=verdict)
        await store.insert_callback(self._postgres, new, refused=refused)
        self._wake()
