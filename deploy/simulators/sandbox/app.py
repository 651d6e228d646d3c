"""The composition root: every part, built once and handed to the others."""

from deploy.simulators.callbacks.delivery import Retries
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.process.moments import now_ms
from deploy.simulators.process.simulator import Simulator
from deploy.simulators.sandbox.problems import EXCEPTION_HANDLERS
from deploy.simulators.sandbox.provider import Provider
from deploy.simulators.sandbox.refunds import Refunds
from deploy.simulators.sandbox.routes.api import API_ROUTES
from deploy.simulators.sandbox.routes.control import CONTROL_ROUTES
from deploy.simulators.sandbox.routes.field import FIELD_ROUTES
from deploy.simulators.sandbox.routes.pages import PAGE_ROUTES
from deploy.simulators.sandbox.routes.refunds import REFUND_ROUTES
from deploy.simulators.sandbox.settings import Settings
from deploy.simulators.sandbox.signing import HEADER, signature_header
from deploy.simulators.sandbox.store import Store

ANSWERS_KEPT_MS = 7 * 24 * 60 * 60 * 1_000
RETRIES = Retries(
    delays_ms=(500, 1_000, 2_000, 5_000, 15_000, 60_000),
    later_ms=10 * 60 * 1_000,
    give_up_after_ms=3 * 24 * 60 * 60 * 1_000,
    timeout_seconds=10.0,
)
FORGED_SECRET = "whsec_of_somebody_else"  # noqa: S105 - the point is that it is not one


class Sandbox(Simulator):
    def __init__(self, settings: Settings) -> None:
        """Raises: SettingsError: its data folder cannot be used."""
        self._store = Store(settings.data)
        super().__init__(self._store, self._headers_of, retries=RETRIES)
        self._provider = Provider(self._store, settings, scheduler=self.scheduler, now_ms=now_ms)
        self._refunds = Refunds(self._provider, self.scheduler)
        self._provider.schedule_callback = self.schedule_callback
        routes = [*API_ROUTES, *REFUND_ROUTES, *CONTROL_ROUTES, *PAGE_ROUTES, *FIELD_ROUTES]
        self.answer_by(routes, EXCEPTION_HANDLERS, {"provider": self._provider, "refunds": self._refunds})

    def resume(self) -> int:
        now = now_ms()
        self._store.forget(answers_before_ms=now - ANSWERS_KEPT_MS, tokens_before_ms=now)
        return super().resume() + self._provider.resume() + self._refunds.resume()

    def _headers_of(self, callback: Callback, at_ms: int) -> dict[str, str] | None:
        secret = self._provider.secret_of(callback.account)
        if secret is None:
            return None
        secret = FORGED_SECRET if callback.forged else secret
        return {
            "Content-Type": "application/json",
            "User-Agent": "paylinks-sandbox/1",
            HEADER: signature_header(secret, at_ms // 1_000, body=callback.body),
        }
