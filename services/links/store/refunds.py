from collections.abc import Sequence
from typing import Final

from shared.contracts.checkout import ChargeRefunded
from shared.runtime.postgres import Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def add(tx: Transaction, refunds: Sequence[ChargeRefunded]) -> None:
    """Each once, whenever it comes again."""
    if refunds:
        await tx.execute(
            _sql["add_refunds"],
            [one.refund_id for one in refunds],
            [one.link_id for one in refunds],
            [one.charge_id for one in refunds],
            [one.session_id for one in refunds],
            [one.amount.minor for one in refunds],
            [one.amount.currency for one in refunds],
            [one.at for one in refunds],
        )
