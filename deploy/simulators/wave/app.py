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
from deploy.simulators.wave.problems import EXCEPTION_HANDLERS
from deploy.simulators.wave.provider import Provider
from deploy.simulators.wave.routes.api import API_ROUTES
from deploy.simulators.wave.routes.control import CONTROL_ROUTES
from deploy.simulators.wave.routes.pages import PAGE_ROUTES
from deploy.simulators.wave.settings import Settings
from deploy.simulators.wave.signing import HEADER, signature_header

ANSWER_SECONDS = 5.0
HOUR_MS = 60 * 60 * 1_000
FORGED_SECRET = "wave_sn_WHS_of_somebody_else"  # noqa: S105 - the point is that it is not one


def retries(hours: int) -> Retries:
    """Wave publishes that it waits 5 seconds for an answer, but not how often it comes again."""
    return Retries(
        delays_ms=(1_000, 5_000, 30_000, 5 * 60_000, 30 * 60_000),
        later_ms=HOUR_MS,
        give_up_after_ms=hours * HOUR_MS,
        timeout_seconds=ANSWER_SECONDS,
    )


class WaveSimulator(Simulator):
    def __init__(self, settings: Settings) -> None:
        """Raises: SettingsError: its data folder cannot be used."""
        store = DocumentStore(settings.data, name="wave")
        super().__init__(store, self._headers_of, retries=retries(settings.retry_hours))
        outgoing = Outgoing(store, self.schedule_callback, now_ms=now_ms, kind=Faults)
        self._provider = Provider(store, outgoing, url=settings.url, now_ms=now_ms)
        self._provider.schedule = self.scheduler.register(self._provider.take_due)
        self._provider.open(
            settings.api_key,
            "Test business",
            webhook_url=settings.webhook_url,
            signed_by=(settings.webhook_secret,) if settings.webhook_secret else (),
        )
        state = {
            "provider": self._provider,
            "store": store,
            "outgoing": outgoing,
            "tampered": tampered,
            "control_key": settings.control_key,
        }
        routes = [*API_ROUTES, *CONTROL_ROUTES, *SHARED_ROUTES, *PAGE_ROUTES]
        self.answer_by(routes, {**EXCEPTION_HANDLERS, ControlError: on_control_error}, state)

    def resume(self) -> int:
        return super().resume() + self._provider.resume()

    def _headers_of(self, callback: Callback, at_ms: int) -> dict[str, str] | None:
        business = self._provider.business(callback.account)
        if business is None:
            return None
        secrets = (FORGED_SECRET,) if callback.forged else business.secrets
        return {
            "Content-Type": "application/json",
            "User-Agent": "wave-webhook",
            HEADER: signature_header(secrets, at_ms // 1_000, body=callback.body),
        }


def tampered(body: bytes, what: str) -> bytes | None:
    """The event with another amount, currency or reference; None: it has nothing like that."""
    event: dict[str, Any] = json.loads(body)
    data: dict[str, Any] = event["data"]
    match what:
        case "amount" if "amount" in data:
            changed: dict[str, Any] = {"amount": str(int(data["amount"]) + 1)}
        case "currency" if "currency" in data:
            changed = {"currency": "EUR"}
        case "reference" if "client_reference" in data:
            changed = {"client_reference": "unknown-" + str(data["id"])[-12:]}
        case _:
            return None
    return json.dumps(event | {"data": data | changed}).encode()
