"""What the operator's command line is answered, over the bus."""

from collections.abc import Mapping

from msgspec.structs import asdict

from services.checkout.domain.callbacks import CallbackSeen
from services.checkout.use_cases.manage_accounts import ManageAccounts
from services.checkout.use_cases.reconcile import Reconcile
from services.checkout.use_cases.search_callbacks import SearchCallbacks
from shared.contracts import operator as asks
from shared.kernel.faults import NotFound, Unavailable

LISTED_MAX = 500


class ServeOperator:
    def __init__(self, callbacks: SearchCallbacks, accounts: ManageAccounts, reconcile: Reconcile) -> None:
        self._callbacks = callbacks
        self._accounts = accounts
        self._reconcile = reconcile

    async def list_callbacks(self, ask: asks.ListCallbacks) -> asks.CallbacksTold:
        limit = max(1, min(ask.limit, LISTED_MAX))
        found = await self._callbacks.list_every(verdict=ask.verdict, provider=ask.provider, limit=limit)
        return asks.CallbacksTold([_told(row) for row in found])

    async def show_callback(self, ask: asks.OneCallback) -> asks.CallbacksTold:
        try:
            whole = await self._callbacks.show(ask.callback_id, owner=None)
        except NotFound:
            return asks.CallbacksTold([])
        return asks.CallbacksTold([_told(whole.row, headers=whole.headers, body=whole.body.decode(errors="replace"))])

    async def replay_callback(self, ask: asks.OneCallback) -> asks.CallbacksTold:
        try:
            done = await self._callbacks.replay(ask.callback_id, owner=None)
        except NotFound:
            return asks.CallbacksTold([])
        return asks.CallbacksTold([_told(done.row)], replayed=done.replayed)

    async def reseal(self, _: asks.Reseal) -> asks.Resealed:
        try:
            return asks.Resealed(await self._accounts.reseal())
        except Unavailable as error:
            if error.values.get("dependency") != "secret_key":
                raise
            return asks.Resealed(0, failed=True)

    async def reconcile(self, ask: asks.Reconcile) -> asks.Reconciled:
        reports = await self._reconcile(ask.day, org_id=ask.org_id)
        return asks.Reconciled(
            [
                asks.ReconciledAccount(
                    account_id=one.account_id,
                    org_id=one.org_id,
                    provider=one.provider,
                    livemode=one.livemode,
                    compared=one.compared,
                    refunds_compared=one.refunds_compared,
                    listed=one.listed,
                    unanswered=one.unanswered,
                    differences=one.differing,
                )
                for one in reports
            ]
        )


def _told(row: CallbackSeen, *, headers: Mapping[str, str] | None = None, body: str = "") -> asks.CallbackTold:
    return asks.CallbackTold(**asdict(row), headers=dict(headers or {}), body=body)
