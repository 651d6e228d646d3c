"""An organization's account with the provider: found, or opened when it is first needed (ADR: connecting lazily)."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from cryptography.fernet import Fernet

from services.checkout.domain.faults import ProviderNotConnected
from services.checkout.providers.port import Account
from services.checkout.providers.sandbox.adapter import Sandbox
from services.checkout.store import provider_account as store
from services.checkout.store.provider_account import AccountRow
from shared.contracts.links import LinkView
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.postgres import Postgres

CACHED_MAX: Final = 10_000
UNKNOWN_MAX: Final = 1_000
UNKNOWN_FOR: Final = timedelta(seconds=5)
"""So that a flood of callbacks for an account that nobody has costs one look-up, and a new account waits briefly."""
_encode: Final = msgspec.json.Encoder().encode


_credentials: Final = msgspec.json.Decoder(dict[str, str])


class Accounts:
    """Kept in the process once read: an account's credentials never change."""

    def __init__(self, postgres: Postgres, sandbox: Sandbox, *, sealer: Fernet, clock: Clock) -> None:
        self._postgres = postgres
        self._sandbox = sandbox
        self._sealer = sealer
        self._clock = clock
        self._known: OrderedDict[tuple[str, object], Account] = OrderedDict()
        self._unknown: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    async def of_link(self, link: LinkView) -> Account:
        """The account that takes this link's payments.

        Raises:
            ProviderNotConnected: the link is live, and no live provider is connected.
            Unavailable: the sandbox does not answer.
        """
        if link.livemode:
            raise ProviderNotConnected(link)
        if known := self._known.get(("org", link.org_id)):
            return known
        row = await store.find_account(self._postgres, link.org_id, provider=self._sandbox.name, livemode=False)
        return self._remember(row or await self._connect(link.org_id, link.merchant.name))

    async def by_external_id(self, provider: str, external_id: str) -> Account | None:
        if known := self._known.get((provider, external_id)):
            return known
        now = self._clock()
        if (looked_at := self._unknown.get((provider, external_id))) and now - looked_at < UNKNOWN_FOR:
            return None
        row = await store.find_account_by_external_id(self._postgres, provider, external_id)
        if row:
            return self._remember(row)
        self._unknown[(provider, external_id)] = now
        while len(self._unknown) > UNKNOWN_MAX:
            self._unknown.popitem(last=False)
        return None

    async def by_id(self, account_id: UUID) -> Account | None:
        if known := self._known.get(("id", account_id)):
            return known
        row = await store.find_account_by_id(self._postgres, account_id)
        return self._remember(row) if row else None

    async def _connect(self, org_id: UUID, name: str) -> AccountRow:
        answer = await self._sandbox.open_account(org_id, name)
        secret = {
            "api_key": answer.api_key,
            "publishable_key": answer.publishable_key,
            "webhook_secret": answer.webhook_secret,
        }
        row = AccountRow(
            id=new_id(),
            org_id=org_id,
            provider=self._sandbox.name,
            livemode=False,
            external_id=answer.id,
            credentials=self._sealer.encrypt(_encode(secret)),
        )
        return await store.insert_account(self._postgres, row, self._clock())

    def _remember(self, row: AccountRow) -> Account:
        account = Account(
            id=row.id,
            org_id=row.org_id,
            provider=row.provider,
            livemode=row.livemode,
            external_id=row.external_id,
            credentials=_credentials.decode(self._sealer.decrypt(row.credentials)),
        )
        self._known[("org", row.org_id)] = account
        self._known[(row.provider, row.external_id)] = account
        self._known[("id", row.id)] = account
        while len(self._known) > CACHED_MAX:
            self._known.popitem(last=False)
        return account
