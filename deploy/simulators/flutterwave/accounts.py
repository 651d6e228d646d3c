"""Whose key it is. Found by digest, so that timing tells nothing of a key."""

import hashlib

from litestar import Response, put

from deploy.simulators.control.access import HttpRequest, json_answer, require_control
from deploy.simulators.flutterwave.wire import AccountRequest, refused
from deploy.simulators.ledger.http import NotUnderstood, body_as, ledger_of
from deploy.simulators.ledger.store import LedgerStore


def id_of(secret_key: str) -> str:
    return hashlib.sha256(secret_key.encode()).hexdigest()


def put_account(store: LedgerStore, account: AccountRequest) -> None:
    account_id = id_of(account.secret_key)
    store.put(account, key=account_id, account=account_id)


def account_of(store: LedgerStore, account_id: str) -> AccountRequest | None:
    return store.get(AccountRequest, account_id)


def require_account(request: HttpRequest) -> str:
    """The account's id. Raises: Refused: 401."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    account_id = id_of(key)
    if scheme.lower() != "bearer" or account_of(ledger_of(request).store, account_id) is None:
        raise refused("Invalid authorization key", 401)
    return account_id


@put("/control/accounts")
async def open_account(request: HttpRequest) -> Response[bytes]:
    """What the dashboard does at Flutterwave; the same key again changes its account."""
    require_control(request)
    try:
        asked = await body_as(request, AccountRequest)
    except NotUnderstood as error:
        raise refused(str(error)) from None
    put_account(ledger_of(request).store, asked)
    return json_answer({"id": id_of(asked.secret_key)})
