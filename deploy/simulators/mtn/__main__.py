"""`python -m deploy.simulators.mtn`: MTN MoMo Collections and Disbursements, as its sandbox behaves."""

import sys

import msgspec

from deploy.simulators.kit.records import Message, Payment, Tamper
from deploy.simulators.kit.serve import Environment, Simulator, main
from deploy.simulators.mtn.access import User, put_user
from deploy.simulators.mtn.api import API_ROUTES
from deploy.simulators.mtn.wire import payment_view


def callback_of(payment: Payment, tamper: Tamper | None) -> Message | None:
    """Unsigned, and sent once. `signature`: there is none to forge, so the body is cut short."""
    if payment.callback_url is None:
        return None
    view = payment_view(payment)
    match tamper:
        case "amount":
            view["amount"] = f"{int(payment.amount.split('.')[0]) + 1}"
        case "currency":
            view["currency"] = "USD"
        case "reference":
            view["externalId"] = f"unknown-{payment.row}"
        case "signature" | None:
            pass
    body = msgspec.json.encode(view)
    return Message(
        method="PUT",
        url=payment.callback_url,
        headers={"Content-Type": "application/json"},
        body=body[:-1] if tamper == "signature" else body,
    )


def make() -> Simulator:
    environment = Environment("MTN")
    keys = {"collection": environment.key("SUBSCRIPTION_KEY"), "disbursement": environment.key("DISBURSEMENT_KEY")}
    simulator = Simulator(
        environment.common(),
        API_ROUTES,
        render=callback_of,
        retry_delays_ms=(),
        state={"subscription_keys": keys},
    )
    host = environment.text("CALLBACK_HOST", "127.0.0.1")
    put_user(simulator.store, User(environment.text("API_USER"), environment.key("API_KEY"), host))
    return simulator


if __name__ == "__main__":
    sys.exit(main(make))
