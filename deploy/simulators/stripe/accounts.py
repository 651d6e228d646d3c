"""Accounts with their secret keys and webhook endpoints."""

import hashlib
import secrets
from collections.abc import Sequence

import msgspec

from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.stripe.records import Account, Endpoint


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(12)


class Accounts:
    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._by_id: dict[str, Account] = {}
        self._by_key: dict[bytes, str] = {}
        for account in store.all(Account):
            self._remember(account)

    def open(self, secret_key: str, name: str) -> Account:
        """The account of this key; the same one however often it is opened."""
        known = self.by_key(secret_key)
        account = (
            msgspec.structs.replace(known, name=name)
            if known
            else Account(id=new_id("acct_"), name=name, secret_key=secret_key)
        )
        return self._keep(account)

    def by_id(self, account_id: str) -> Account | None:
        return self._by_id.get(account_id)

    def by_key(self, secret_key: str) -> Account | None:
        """Found by digest, so that timing tells nothing of a key."""
        account_id = self._by_key.get(hashlib.sha256(secret_key.encode()).digest())
        return self._by_id[account_id] if account_id else None

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        every = (endpoint for account in self._by_id.values() for endpoint in account.endpoints)
        return next((endpoint for endpoint in every if endpoint.id == endpoint_id), None)

    def set_endpoint(
        self,
        account: Account,
        url: str,
        *,
        events: Sequence[str],
        signed_by: Sequence[str],
        created: int,
        is_alone: bool = False,
    ) -> Endpoint:
        """One endpoint for a URL: setting it again keeps its id and changes the rest. `is_alone` ends all others."""
        known = next((endpoint for endpoint in account.endpoints if endpoint.url == url), None)
        endpoint = Endpoint(
            id=known.id if known else new_id("we_"),
            url=url,
            events=tuple(events),
            secrets=tuple(signed_by) or (f"whsec_{secrets.token_hex(16)}",),
            created=created,
        )
        others = () if is_alone else tuple(one for one in account.endpoints if one.url != url)
        self._keep(msgspec.structs.replace(account, endpoints=(*others, endpoint)))
        return endpoint

    def _keep(self, account: Account) -> Account:
        self._store.put(account, key=account.id, account=account.id)
        self._remember(account)
        return account

    def _remember(self, account: Account) -> None:
        self._by_id[account.id] = account
        self._by_key[hashlib.sha256(account.secret_key.encode()).digest()] = account.id
