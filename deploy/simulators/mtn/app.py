"""The composition root: every part, built once and handed to the others."""

import json
from typing import Any

import msgspec

from deploy.simulators.callbacks.records import Callback
from deploy.simulators.ledger.records import Payment
from deploy.simulators.ledger.simulator import LedgerSimulator
from deploy.simulators.ledger.store import LedgerStore
from deploy.simulators.mtn.access import put_user
from deploy.simulators.mtn.api import API_ROUTES
from deploy.simulators.mtn.settings import Settings
from deploy.simulators.mtn.wire import payment_view


class MtnSimulator(LedgerSimulator):
    """Its callbacks are unsigned, and sent once."""

    def __init__(self, settings: Settings) -> None:
        """Raises: SettingsError: its data folder cannot be used."""
        store = LedgerStore(settings.common.data, name="mtn")
        super().__init__(
            settings.common,
            store,
            API_ROUTES,
            render=_callback_of,
            tampered=tampered,
            headers_of=_headers_of,
            retry_delays_ms=(),
            method="PUT",
            state={"subscription_keys": settings.subscription_keys},
        )
        put_user(store, settings.user)


def _callback_of(payment: Payment) -> tuple[str, bytes] | None:
    return None if payment.callback_url is None else (payment.callback_url, msgspec.json.encode(payment_view(payment)))


def _headers_of(_: Callback, __: int) -> dict[str, str]:
    return {"Content-Type": "application/json"}


def tampered(body: bytes, what: str) -> bytes | None:
    """There is no signature to forge: `signature` cuts the body short. None: it has nothing like that."""
    view: dict[str, Any] = json.loads(body)
    match what:
        case "amount":
            view["amount"] = f"{int(view['amount'].split('.')[0]) + 1}"
        case "currency":
            view["currency"] = "USD"
        case "reference":
            view["externalId"] = f"unknown-{view['externalId'][-12:]}"
        case "signature":
            return body[:-1]
        case _:
            return None
    return msgspec.json.encode(view)
