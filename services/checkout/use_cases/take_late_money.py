"""Links tells that captured money counts as no use: the link's policy says what becomes of it."""

from collections.abc import Sequence

from services.checkout.use_cases.refund_charge import RefundCharge
from shared.contracts.envelope import Received
from shared.contracts.links import UseRefused
from shared.kernel.moment import Clock
from shared.runtime.postgres import Transaction


class TakeLateMoney:
    """`accept` counts what it can; what it cannot (no use is left) is a person's to decide, as with `review`."""

    def __init__(self, refund_charge: RefundCharge, clock: Clock) -> None:
        self._refund_charge = refund_charge
        self._clock = clock

    async def __call__(self, tx: Transaction, received: Sequence[Received]) -> None:
        policies = {one.event.charge_id: one.event.policy for one in received if isinstance(one.event, UseRefused)}
        # In one order, so that two who lock several charges never wait for each other.
        for charge_id, policy in sorted(policies.items()):
            await self._refund_charge.put_aside(tx, charge_id, refund=policy == "refund", now=self._clock())
