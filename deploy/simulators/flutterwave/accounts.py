"""Whose key it is. Found by digest, so that timing tells nothing of a key."""

import hashlib

import msgspec
from litestar import Response, put

from deploy.simulators.flutterwave.wire import AccountRequest, refused
from deploy.simulators.kit.control import ledger_of, require_control
from deploy.simulators.kit.http import HttpRequest, NotUnderstood, answer, decode
from deploy.simulators.kit.store import Store


def id_of(secret_key: str) -> str:
    return hashlib.sha256(secret_key.encode()).hexdigest()


def put_account(store: Store, account: AccountRequest) -> None:
    store.put_thing("account", id_of(account.secret_key), account)


def account_of(store: Store, account_id: str) -> AccountRequest | None:
    record = store.thing("account", account_id)
    return msgspec.json.decode(record, type=AccountRequest) if record else None


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
        asked = decode(await request.body(), AccountRequest)
    except NotUnderstood as error:
        raise refused(str(error)) from None
    put_account(ledger_of(request).store, asked)
    return answer({"id": id_of(asked.secret_key)})
