"""A simulator with a ledger: its payments settle by themselves, on a page, or by the control API."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from deploy.simulators.callbacks.delivery import Retries
from deploy.simulators.callbacks.outgoing import Outgoing
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.control.routes import SHARED_ROUTES
from deploy.simulators.ledger.http import EXCEPTION_HANDLERS
from deploy.simulators.ledger.ledger import Ledger, Render
from deploy.simulators.ledger.records import LedgerFaults
from deploy.simulators.ledger.routes import LEDGER_ROUTES
from deploy.simulators.ledger.settings import Common
from deploy.simulators.ledger.store import LedgerStore
from deploy.simulators.process.moments import now_ms
from deploy.simulators.process.simulator import Simulator

ANSWER_SECONDS = 10.0
FOREVER_MS = 365 * 24 * 60 * 60 * 1_000


class LedgerSimulator(Simulator):
    """A provider says how its callbacks look (`render`, `tampered`), are signed, and come again.

    `state` is what its own routes find in `app.state`, beside `ledger` and `common`.
    """

    def __init__(
        self,
        common: Common,
        store: LedgerStore,
        routes: Sequence[Any],
        *,
        render: Render,
        tampered: Callable[[bytes, str], bytes | None],
        headers_of: Callable[[Callback, int], dict[str, str] | None],
        retry_delays_ms: tuple[int, ...],
        method: Literal["POST", "PUT"] = "POST",
        state: dict[str, Any] | None = None,
    ) -> None:
        retries = Retries(
            delays_ms=retry_delays_ms, later_ms=None, give_up_after_ms=FOREVER_MS, timeout_seconds=ANSWER_SECONDS
        )
        super().__init__(store, headers_of, retries=retries, method=method)
        outgoing = Outgoing(store, self.schedule_callback, now_ms=now_ms, kind=LedgerFaults)
        self._ledger = Ledger(
            store,
            self.scheduler,
            outgoing,
            render=render,
            now_ms=now_ms,
            approve_after_ms=common.approve_after_ms,
        )
        known = {
            "ledger": self._ledger,
            "common": common,
            "store": store,
            "outgoing": outgoing,
            "tampered": tampered,
            "control_key": common.control_key,
        }
        self.answer_by([*routes, *LEDGER_ROUTES, *SHARED_ROUTES], EXCEPTION_HANDLERS, known | (state or {}))

    def resume(self) -> int:
        return super().resume() + self._ledger.resume()
