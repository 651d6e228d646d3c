"""The composition root: every part, built once and handed to the others."""

import json
from typing import Any

from deploy.simulators.callbacks.delivery import Retries
from deploy.simulators.callbacks.faults import Faults
from deploy.simulators.callbacks.outgoing import Outgoing
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.control.access import ControlError, on_control_error
from deploy.simulators.control.routes import SHARED_ROUTES
from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.process.moments import now_ms
from deploy.simulators.process.simulator import Simulator
from deploy.simulators.stripe.accounts import Accounts
from deploy.simulators.stripe.problems import EXCEPTION_HANDLERS
from deploy.simulators.stripe.provider import Provider
from deploy.simulators.stripe.routes.api import API_ROUTES
from deploy.simulators.stripe.routes.control import CONTROL_ROUTES
from deploy.simulators.stripe.routes.pages import PAGE_ROUTES
from deploy.simulators.stripe.settings import Settings
from deploy.simulators.stripe.signing import HEADER, signature_header

BODY_BYTES_MAX = 64 * 1024
HOUR_MS = 60 * 60 * 1_000
RETRIES = Retries(
    # Stripe does not publish its schedule, only that it lasts three days; the first ones are quick for people who try.
    delays_ms=(1_000, 5_000, 30_000, 5 * 60_000, 30 * 60_000, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS),
    later_ms=12 * HOUR_MS,
    give_up_after_ms=72 * HOUR_MS,
    timeout_seconds=20.0,
)
FORGED_SECRET = "whsec_of_somebody_else"  # noqa: S105 - the point is that it is not one


class StripeSimulator(Simulator):
    def __init__(self, settings: Settings) -> None:
        """Raises: SettingsError: its data folder cannot be used."""
        store = DocumentStore(settings.data, name="stripe")
        super().__init__(store, self._headers_of, retries=RETRIES)
        self._accounts = Accounts(store)
        outgoing = Outgoing(store, self.schedule_callback, now_ms=now_ms, kind=Faults)
        self._provider = Provider(store, outgoing, self._accounts, url=settings.url, now_ms=now_ms)
        self._provider.schedule = self.scheduler.register(self._provider.take_due)
        account = self._accounts.open(settings.secret_key, "Test account")
        if settings.webhook_url is not None:
            signed_by = (settings.webhook_secret,) if settings.webhook_secret else ()
            self._accounts.set_endpoint(
                account, settings.webhook_url, events=("*",), signed_by=signed_by, created=now_ms() // 1_000
            )
        state = {
            "provider": self._provider,
            "store": store,
            "outgoing": outgoing,
            "tampered": tampered,
            "control_key": settings.control_key,
        }
        routes = [*API_ROUTES, *CONTROL_ROUTES, *SHARED_ROUTES, *PAGE_ROUTES]
        handlers = {**EXCEPTION_HANDLERS, ControlError: on_control_error}
        self.answer_by(routes, handlers, state, body_bytes_max=BODY_BYTES_MAX)

    def resume(self) -> int:
        return super().resume() + self._provider.resume()

    def _headers_of(self, callback: Callback, at_ms: int) -> dict[str, str] | None:
        endpoint = self._accounts.endpoint(callback.account)
        if endpoint is None:
            return None
        secrets = (FORGED_SECRET,) if callback.forged else endpoint.secrets
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            HEADER: signature_header(secrets, at_ms // 1_000, body=callback.body),
        }


def tampered(body: bytes, what: str) -> bytes | None:
    """The event with another amount, currency or reference; None: it has nothing like that."""
    event: dict[str, Any] = json.loads(body)
    shown: dict[str, Any] = event["data"]["object"]
    match what:
        case "amount":
            names = [name for name in ("amount_total", "amount") if name in shown]
            changed: dict[str, Any] = {name: shown[name] + 100 for name in names}
        case "currency":
            changed = {"currency": "usd" if shown.get("currency") != "usd" else "eur"}
        case "reference" if "client_reference_id" in shown:
            changed = {"client_reference_id": "unknown-" + str(shown["id"])[-16:]}
        case _:
            return None
    return json.dumps(event | {"data": {"object": shown | changed}}).encode() if changed else None
