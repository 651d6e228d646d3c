"""The composition root: every part, built once and handed to the others."""

import msgspec

from deploy.simulators.callbacks.records import Callback
from deploy.simulators.flutterwave.accounts import account_of, open_account, put_account
from deploy.simulators.flutterwave.api import API_ROUTES
from deploy.simulators.flutterwave.pages import PAGE_ROUTES
from deploy.simulators.flutterwave.settings import Settings
from deploy.simulators.flutterwave.wire import callback_view, tampered
from deploy.simulators.ledger.records import Payment
from deploy.simulators.ledger.simulator import LedgerSimulator
from deploy.simulators.ledger.store import LedgerStore

RETRY_DELAYS_MS = (500, 1_000, 2_000, 5_000, 15_000, 60_000, 600_000)
"""Flutterwave's own are not documented beyond that there are some."""
FORGED_HASH = "of-somebody-else"


class FlutterwaveSimulator(LedgerSimulator):
    def __init__(self, settings: Settings) -> None:
        """Raises: SettingsError: its data folder cannot be used."""
        self._store = LedgerStore(settings.common.data, name="flutterwave")
        super().__init__(
            settings.common,
            self._store,
            [*API_ROUTES, *PAGE_ROUTES, open_account],
            render=self._callback_of,
            tampered=tampered,
            headers_of=self._headers_of,
            retry_delays_ms=RETRY_DELAYS_MS,
        )
        put_account(self._store, settings.account)

    def _callback_of(self, payment: Payment) -> tuple[str, bytes] | None:
        """To the address that the account has in its dashboard."""
        account = account_of(self._store, payment.account)
        if account is None or account.webhook_url is None:
            return None
        return account.webhook_url, msgspec.json.encode(callback_view(payment))

    def _headers_of(self, callback: Callback, _: int) -> dict[str, str] | None:
        account = account_of(self._store, callback.account)
        if account is None:
            return None
        return {
            "Content-Type": "application/json",
            "verif-hash": FORGED_HASH if callback.forged else account.secret_hash,
        }
