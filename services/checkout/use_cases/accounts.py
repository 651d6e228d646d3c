"""Organizations' accounts with providers, as routing and callbacks need them: kept in the process once read."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeVar
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.routing import STAND_IN_PRIORITY, Offer
from services.checkout.providers.port import Account, Provider
from services.checkout.providers.registry import Providers
from services.checkout.store import provider_account as store
from services.checkout.store.provider_account import AccountRow
from services.checkout.use_cases.vault import Vault
from shared.contracts.links import LinkView, Method
from shared.kernel.faults import Unavailable
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

CACHED_MAX: Final = 10_000
KEPT_SECONDS: Final = 30.0
"""For so long a change that another replica made, and whose news was lost, is not seen."""
UNKNOWN_MAX: Final = 1_000
UNKNOWN_FOR: Final = timedelta(seconds=5)
"""So that a flood of callbacks for an account that nobody has costs one look-up, and a new account waits briefly."""
OPERATORS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"mtn": ("MTN",)})
"""Whose numbers a provider takes, where it is one operator's own."""

_V = TypeVar("_V")
_K = TypeVar("_K")

_log = logger("accounts")


class _Kept(Struct, frozen=True):
    account: Account
    row: AccountRow
    until: float


class Accounts:
    def __init__(
        self,
        postgres: Postgres,
        providers: Providers,
        *,
        vault: Vault,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._postgres = postgres
        self._providers = providers
        self._vault = vault
        self._clock = clock
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[str, object], _Kept] = OrderedDict()
        self._offers: OrderedDict[tuple[UUID, bool], tuple[float, tuple[Offer, ...]]] = OrderedDict()
        self._unknown: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    async def offers(self, org_id: UUID, *, livemode: bool) -> tuple[Offer, ...]:
        """What the organization's accounts take. In test mode the sandbox always stands by, opened or not."""
        kept = self._offers.get((org_id, livemode))
        if kept is not None and kept[0] > self._monotonic():
            return kept[1]
        rows = await store.offered_accounts(self._postgres, org_id, livemode=livemode)
        offers = self._offered([row for row in rows if self._opens(row)], livemode=livemode)
        _keep(self._offers, (org_id, livemode), (self._monotonic() + KEPT_SECONDS, offers))
        return offers

    async def of_offer(self, offer: Offer, link: LinkView) -> Account:
        """The account that made the offer.

        Raises:
            Unavailable: the sandbox does not answer, and the account is not open yet; or it is gone this moment.
        """
        if offer.account_id is None:
            return self._remember(await self._open_sandbox(link.org_id, link.merchant.name)).account
        account = await self.by_id(offer.account_id)
        if account is None:
            self.forget(link.org_id)
            raise Unavailable("provider")
        return account

    async def by_external_id(self, provider: str, external_id: str) -> Account | None:
        if known := self._fresh((provider, external_id)):
            return known.account
        now = self._clock()
        if (looked_at := self._unknown.get((provider, external_id))) and now - looked_at < UNKNOWN_FOR:
            return None
        row = await store.find_account_by_external_id(self._postgres, provider, external_id)
        if row:
            return self._remember(row).account
        _keep(self._unknown, (provider, external_id), now, most=UNKNOWN_MAX)
        return None

    async def by_id(self, account_id: UUID) -> Account | None:
        """Also one that is disabled: what was begun with it goes on."""
        if known := self._fresh(("id", account_id)):
            return known.account
        row = await store.find_account_by_id(self._postgres, account_id)
        return self._remember(row).account if row else None

    async def if_opened(self, account_id: UUID) -> Account | None:
        """As `by_id`; None also for one whose key is lost, which must not hold up those that are asked with it."""
        try:
            return await self.by_id(account_id)
        except Unavailable as error:
            _log.error("accounts.not_opened", account_id=str(account_id), error=repr(error))
            return None

    def before_rotation(self, account: Account, now: datetime) -> Account | None:
        """With the credentials that it had before, while callbacks that they sign are still believed."""
        kept = self._known.get(("id", account.id))
        if kept is None or kept.row.old_credentials is None or kept.row.old_until is None or kept.row.old_until <= now:
            return None
        return _opened(kept.row, self._vault.open(kept.row.old_credentials))

    async def used(self, account: Account) -> None:
        """Notes that the account is about to have a charge, once: from then on it is not deleted.

        Raises:
            Unavailable: it was deleted this moment.
        """
        kept = self._known.get(("id", account.id))
        if kept is not None and kept.row.used_at is not None:
            return
        row = await store.mark_used(self._postgres, account.id, self._clock())
        if row is None:
            self.forget(account.org_id)
            raise Unavailable("provider")
        self._remember(row)

    def forget(self, org_id: UUID | None = None) -> None:
        """Accounts of the organization (None: all) were changed."""
        for key in [key for key in self._offers if org_id in {None, key[0]}]:
            del self._offers[key]
        for name in [name for name, kept in self._known.items() if org_id in {None, kept.row.org_id}]:
            del self._known[name]
        self._unknown.clear()

    def _opens(self, row: AccountRow) -> bool:
        """One account whose key is lost must not take the others with it."""
        try:
            self._remember(row)
        except Unavailable:
            _log.error("accounts.not_opened", account_id=str(row.id))
            return False
        return True

    def _offered(self, rows: Sequence[AccountRow], *, livemode: bool) -> tuple[Offer, ...]:
        sandbox = self._providers.sandbox
        offers = [
            offer_of(row, provider)
            for row in rows
            if row.provider != sandbox.name and (provider := self._providers.find(row.provider)) is not None
        ]
        if not livemode:
            opened = next((row.id for row in rows if row.provider == sandbox.name), None)
            stands_by = Offer(
                account_id=opened,
                provider=sandbox.name,
                takes=sandbox.takes,
                priority=STAND_IN_PRIORITY,
                stands_in=True,
                card_tokens=True,
            )
            offers.append(stands_by)
        return tuple(offers)

    async def _open_sandbox(self, org_id: UUID, name: str) -> AccountRow:
        answer = await self._providers.sandbox.open_account(org_id, name)
        secret = {
            "api_key": answer.api_key,
            "publishable_key": answer.publishable_key,
            "webhook_secret": answer.webhook_secret,
        }
        now = self._clock()
        row = AccountRow(
            id=new_id(),
            org_id=org_id,
            provider=self._providers.sandbox.name,
            livemode=False,
            external_id=answer.id,
            credentials=self._vault.seal(secret),
            key_id=self._vault.key_id,
            created_at=now,
            updated_at=now,
            credentials_at=now,
        )
        made = await store.insert_account(self._postgres, row)
        self.forget(org_id)
        return made

    def _fresh(self, name: tuple[str, object]) -> _Kept | None:
        kept = self._known.get(name)
        return kept if kept is not None and kept.until > self._monotonic() else None

    def _remember(self, row: AccountRow) -> _Kept:
        account = _opened(row, self._vault.open(row.credentials))
        kept = _Kept(account, row, self._monotonic() + KEPT_SECONDS)
        _keep(self._known, (row.provider, row.external_id), kept)
        _keep(self._known, ("id", row.id), kept)
        return kept


def offer_of(row: AccountRow, provider: Provider) -> Offer:
    """What the account takes: what its provider can, within what the merchant has set."""
    takes: dict[Method, frozenset[str] | None] = {}
    for method, currencies in provider.takes.items():
        if row.methods is not None and method not in row.methods:
            continue
        if row.currencies is None:
            takes[method] = currencies
        elif wanted := frozenset(row.currencies) & currencies if currencies is not None else frozenset(row.currencies):
            takes[method] = wanted
    return Offer(
        account_id=row.id,
        provider=row.provider,
        takes=takes,
        operators=row.operators or OPERATORS.get(row.provider),
        priority=row.priority,
    )


def _opened(row: AccountRow, credentials: Mapping[str, str]) -> Account:
    return Account(
        id=row.id,
        org_id=row.org_id,
        provider=row.provider,
        livemode=row.livemode,
        external_id=row.external_id,
        credentials=credentials,
    )


def _keep(kept: "OrderedDict[_K, _V]", key: _K, value: _V, *, most: int = CACHED_MAX) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
