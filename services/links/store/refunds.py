from collections.abc import Sequence
from typing import Any, Final

from shared.contracts.checkout import ChargeRefunded, RefundFailed
from shared.runtime.postgres import Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def add(tx: Transaction, refunds: Sequence[ChargeRefunded]) -> None:
    """Each once, whenever it comes again."""
    if refunds:
        await tx.execute(_sql["add_refunds"], *_columns(refunds))


async def undo(tx: Transaction, refunds: Sequence[RefundFailed]) -> None:
    """They failed, after they had gone through or without that. Whenever it comes again, the same."""
    latest = {one.refund_id: one for one in refunds}
    if latest:
        await tx.execute(_sql["undo_refunds"], *_columns(list(latest.values())))


def _columns(refunds: Sequence[ChargeRefunded | RefundFailed]) -> tuple[list[Any], ...]:
    return (
        [one.refund_id for one in refunds],
        [one.link_id for one in refunds],
        [one.charge_id for one in refunds],
        [one.session_id for one in refunds],
        [one.amount.minor for one in refunds],
        [one.amount.currency for one in refunds],
        [one.at for one in refunds],
    )
