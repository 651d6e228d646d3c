"""`python -m deploy.simulators.flutterwave`: Flutterwave v3, as it behaves in test mode."""

import sys

import msgspec

from deploy.simulators.flutterwave.accounts import account_of, open_account, put_account
from deploy.simulators.flutterwave.api import API_ROUTES
from deploy.simulators.flutterwave.pages import PAGE_ROUTES
from deploy.simulators.flutterwave.wire import AccountRequest, callback_view, number
from deploy.simulators.kit.records import Message, Payment, Tamper
from deploy.simulators.kit.serve import Environment, SettingsError, Simulator, main
from deploy.simulators.kit.store import Store

RETRY_DELAYS_MS = (500, 1_000, 2_000, 5_000, 15_000, 60_000, 600_000)
"""Flutterwave's own are not documented beyond that there are some."""


def callback_of(store: Store, payment: Payment, tamper: Tamper | None) -> Message | None:
    """To the address that the account has in its dashboard. `signature` sends another secret hash."""
    account = account_of(store, payment.account)
    if account is None or account.webhook_url is None:
        return None
    view = callback_view(payment)
    match tamper:
        case "amount":
            view["data"]["amount"] = number(f"{int(payment.amount.split('.')[0]) + 1}")
        case "currency":
            view["data"]["currency"] = "GBP"
        case "reference":
            view["data"]["tx_ref"] = f"unknown-{payment.row}"
        case "signature" | None:
            pass
    secret_hash = "of-somebody-else" if tamper == "signature" else account.secret_hash
    headers = {"Content-Type": "application/json", "verif-hash": secret_hash}
    return Message(method="POST", url=account.webhook_url, headers=headers, body=msgspec.json.encode(view))


def make() -> Simulator:
    environment = Environment("FLUTTERWAVE")

    def render(payment: Payment, tamper: Tamper | None) -> Message | None:
        return callback_of(simulator.store, payment, tamper)

    simulator = Simulator(
        environment.common(),
        [*API_ROUTES, *PAGE_ROUTES, open_account],
        render=render,
        retry_delays_ms=RETRY_DELAYS_MS,
        state={},
    )
    try:
        account = msgspec.convert(
            {
                "secret_key": environment.key("SECRET_KEY"),
                "secret_hash": environment.key("SECRET_HASH"),
                "webhook_url": environment.text("WEBHOOK_URL", "") or None,
            },
            AccountRequest,
        )
    except msgspec.ValidationError as error:
        raise SettingsError(f"The account of PAYLINKS_FLUTTERWAVE_SIM_… is not one: {error}.") from error
    put_account(simulator.store, account)
    return simulator


if __name__ == "__main__":
    sys.exit(main(make))
