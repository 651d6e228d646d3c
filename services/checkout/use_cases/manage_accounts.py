"""What a merchant does with their accounts: connect, change, rotate credentials, disable, delete."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from services.checkout.domain.faults import AccountInUse, ProviderUnknown
from services.checkout.domain.owner import Owner
from services.checkout.domain.routing import Offer
from services.checkout.providers.port import Provider
from services.checkout.providers.registry import Providers
from services.checkout.store import provider_account as store
from services.checkout.store.provider_account import AccountRow
from services.checkout.use_cases.accounts import Accounts, offer_of
from services.checkout.use_cases.vault import Vault
from shared.contracts.checkout import (
    ProviderAccountConnected,
    ProviderAccountDisconnected,
    ProviderAccountEvent,
    ProviderAccountUpdated,
    Taken,
)
from shared.contracts.links import Method
from shared.kernel.answer import Answer, Once
from shared.kernel.faults import Invalid, NotFound
from shared.kernel.ids import new_id
from shared.runtime import outbox
from shared.runtime.once import once
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres, Transaction

HINT_CHARS: Final = 4
HINTED_CHARS_MIN: Final = 12
"""Of anything shorter, four characters would be too much of it."""
RESEAL_BATCH: Final = 100


class NewAccount(Struct, frozen=True, kw_only=True):
    provider: str
    credentials: Mapping[str, str]
    label: str | None = None
    methods: tuple[Method, ...] | None = None
    currencies: tuple[str, ...] | None = None
    operators: tuple[str, ...] | None = None
    priority: int = 100


class AccountPatch(Struct, frozen=True, kw_only=True):
    """What is UNSET stays."""

    label: str | UnsetType | None = UNSET
    methods: tuple[Method, ...] | UnsetType | None = UNSET
    currencies: tuple[str, ...] | UnsetType | None = UNSET
    operators: tuple[str, ...] | UnsetType | None = UNSET
    priority: int | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class Listed(Struct, frozen=True):
    """An account with what it takes in the end."""

    row: AccountRow
    offer: Offer


Render = Callable[[Listed], Answer]


class ManageAccounts:
    def __init__(
        self, postgres: Postgres, providers: Providers, accounts: Accounts, *, vault: Vault, wake: Wake
    ) -> None:
        self._postgres = postgres
        self._providers = providers
        self._accounts = accounts
        self._vault = vault
        self._wake = wake

    async def connect(
        self, owner: Owner, new: NewAccount, *, now: datetime, key: Once | None, render: Render
    ) -> Answer:
        """Raises: ProviderUnknown, Invalid, IdempotencyMismatch."""
        provider = self._connectable(new.provider)
        _require_credentials(provider, new.credentials)
        account_id = new_id()
        row = AccountRow(
            id=account_id,
            org_id=owner.org_id,
            provider=provider.name,
            livemode=owner.livemode,
            external_id=account_id.hex,
            credentials=self._vault.seal(new.credentials),
            key_id=self._vault.key_id,
            hints=_hints(new.credentials),
            label=new.label,
            methods=new.methods,
            currencies=new.currencies,
            operators=new.operators,
            priority=new.priority,
            created_at=now,
            updated_at=now,
            credentials_at=now,
        )
        _require_offer(row, provider)

        async def act(tx: Transaction) -> Answer:
            made = await store.insert_account(tx, row)
            await outbox.add(tx, [_fact(ProviderAccountConnected, made, provider)], now=now)
            return render(Listed(made, offer_of(made, provider)))

        answer = await once(self._postgres, key, act, now=now)
        self._changed(owner.org_id)
        return answer

    async def list(self, owner: Owner, *, before: UUID | None, provider: str | None, limit: int) -> Sequence[Listed]:
        """Newest first; one more than `limit` where there is more."""
        rows = await store.list_accounts(
            self._postgres,
            owner.org_id,
            livemode=owner.livemode,
            before=before,
            provider=provider,
            limit=limit + 1,
        )
        return [self._listed(row) for row in rows]

    async def get(self, owner: Owner, account_id: UUID) -> Listed:
        """Raises: NotFound."""
        row = await store.find_account_by_id(self._postgres, account_id)
        if row is None or (row.org_id, row.livemode) != (owner.org_id, owner.livemode):
            raise NotFound("provider_account")
        return self._listed(row)

    async def change(self, owner: Owner, account_id: UUID, patch: AccountPatch, *, now: datetime) -> Listed:
        """Raises: NotFound, Invalid."""

        def changed(row: AccountRow, provider: Provider) -> AccountRow:
            named = {name: value for name, value in asdict(patch).items() if value is not UNSET and name != "disabled"}
            if patch.disabled is not UNSET:
                named["disabled_at"] = (row.disabled_at or now) if patch.disabled else None
            after = replace(row, **named)
            _require_offer(after, provider)
            return after

        return await self._write(owner, account_id, changed, now=now)

    async def rotate(
        self, owner: Owner, account_id: UUID, credentials: Mapping[str, str], *, overlap: timedelta, now: datetime
    ) -> Listed:
        """The new credentials count at once; callbacks that the old ones sign are believed for `overlap`.

        Raises:
            NotFound, Invalid.
        """

        def rotated(row: AccountRow, provider: Provider) -> AccountRow:
            _require_credentials(provider, credentials)
            return replace(
                row,
                credentials=self._vault.seal(credentials),
                key_id=self._vault.key_id,
                hints=_hints(credentials),
                old_credentials=self._vault.reseal(row.credentials) if overlap else None,
                old_until=now + overlap if overlap else None,
                credentials_at=now,
            )

        return await self._write(owner, account_id, rotated, now=now)

    async def delete(self, owner: Owner, account_id: UUID, *, now: datetime) -> None:
        """Raises: NotFound; AccountInUse: a charge was made with it."""

        def deleted(row: AccountRow, _: Provider) -> AccountRow:
            if row.used_at is not None:
                raise AccountInUse
            return replace(row, deleted_at=now, credentials=b"", old_credentials=None, old_until=None, hints={})

        await self._write(owner, account_id, deleted, now=now)

    async def reseal(self) -> int:
        """Seals with the present key what an older one seals; how many accounts that were.

        Raises:
            Unavailable: no key that we know opens one of them.
        """
        resealed = 0
        while True:
            async with self._postgres.transaction() as tx:
                rows = await store.sealed_otherwise(tx, self._vault.key_id, limit=RESEAL_BATCH)
                for row in rows:
                    old = self._vault.reseal(row.old_credentials) if row.old_credentials else None
                    fresh = self._vault.reseal(row.credentials)
                    await store.reseal_account(
                        tx, replace(row, credentials=fresh, key_id=self._vault.key_id, old_credentials=old)
                    )
            resealed += len(rows)
            if len(rows) < RESEAL_BATCH:
                return resealed

    async def _write(
        self,
        owner: Owner,
        account_id: UUID,
        change: Callable[[AccountRow, Provider], AccountRow],
        *,
        now: datetime,
    ) -> Listed:
        async with self._postgres.transaction() as tx:
            row = await store.lock_account(tx, owner.org_id, livemode=owner.livemode, account_id=account_id)
            if row is None or row.provider == self._providers.sandbox.name:
                raise NotFound("provider_account")
            provider = self._connectable(row.provider)
            written = await store.write_account(tx, change(row, provider), now)
            kind = ProviderAccountDisconnected if written.deleted_at else ProviderAccountUpdated
            await outbox.add(tx, [_fact(kind, written, provider)], now=now)
        self._changed(owner.org_id)
        return Listed(written, offer_of(written, provider))

    def _changed(self, org_id: UUID) -> None:
        self._accounts.forget(org_id)
        self._wake()

    def _connectable(self, name: str) -> Provider:
        known = self._providers.to_connect()
        for provider in known:
            if provider.name == name:
                return provider
        raise ProviderUnknown(name, [one.name for one in known])

    def _listed(self, row: AccountRow) -> Listed:
        provider = self._providers.find(row.provider)
        if provider is None:
            return Listed(row, Offer(account_id=row.id, provider=row.provider, takes={}, priority=row.priority))
        return Listed(row, offer_of(row, provider))


def _require_credentials(provider: Provider, credentials: Mapping[str, str]) -> None:
    known = {one.name: one for one in provider.credentials}
    for name in credentials:
        if name not in known:
            raise Invalid(f"credentials.{name[:64]}", f"is not a credential of {provider.name}")
    for name, one in known.items():
        value = credentials.get(name)
        if value is None:
            if one.required:
                raise Invalid(f"credentials.{name}", "is missing")
        elif not re.fullmatch(one.pattern, value):
            raise Invalid(f"credentials.{name}", one.hint or f"does not look like one of {provider.name}")


def _require_offer(row: AccountRow, provider: Provider) -> None:
    for method in row.methods or ():
        if method not in provider.takes:
            raise Invalid("methods", f"{provider.name} does not take {method}")
    if not offer_of(row, provider).takes:
        raise Invalid("currencies", f"{provider.name} takes none of them by these methods")


def _hints(credentials: Mapping[str, str]) -> dict[str, str]:
    return {name: value[-HINT_CHARS:] if len(value) >= HINTED_CHARS_MIN else "" for name, value in credentials.items()}


def _fact(kind: type[ProviderAccountEvent], row: AccountRow, provider: Provider) -> ProviderAccountEvent:
    silent = row.disabled_at is not None or row.deleted_at is not None
    takes: Mapping[Method, frozenset[str] | None] = {} if silent else offer_of(row, provider).takes
    return kind(
        org_id=row.org_id,
        account_id=row.id,
        provider=row.provider,
        livemode=row.livemode,
        version=row.version,
        takes=tuple(
            Taken(method, None if currencies is None else tuple(sorted(currencies)))
            for method, currencies in takes.items()
        ),
    )
