"""Lines of the ledger, as columns for the statements that write them together with what moved the money."""

from collections.abc import Sequence
from typing import Any

from services.checkout.domain.ledger import Posting
from shared.kernel.ids import new_id


def columns(postings: Sequence[Posting]) -> tuple[list[Any], ...]:
    """Parallel arrays, one row a line: for `INSERT INTO ledger_entry SELECT * FROM unnest(…)`.

    (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id, amount_minor,
    currency)
    """
    rows = [
        (
            transaction_id,
            number,
            posting.kind,
            posting.source_id,
            posting.org_id,
            posting.livemode,
            posting.charge_id,
            posting.link_id,
            line.account,
            line.owner_id,
            line.amount_minor,
            line.currency,
        )
        for posting, transaction_id in ((one, new_id()) for one in postings)
        for number, line in enumerate(posting.lines, start=1)
    ]
    return tuple(list(column) for column in zip(*rows, strict=True)) if rows else tuple([] for _ in range(12))
