"""Disputes: what payers' banks have taken back, or mean to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.checkout.domain.ledger import Posting
from services.checkout.domain.refund import Dispute, RefundFilters
from services.checkout.store import ledger
from services.checkout.store.refund import ABOVE_ALL_IDS
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def find_dispute(tx: Transaction, account_id: UUID, external_id: str) -> Dispute | None:
    row = await tx.fetchrow(_sql["find_dispute"], account_id, external_id)
    return _dispute(row) if row else None


async def write_dispute(
    tx: Transaction, dispute: Dispute, postings: Sequence[Posting], *, disputed_change: int, now: datetime
) -> None:
    """Its charge is locked. `disputed_change` is what the charge has more (or less) with a bank, minor units."""
    await tx.execute(
        _sql["write_dispute"],
        dispute.id,
        dispute.org_id,
        dispute.link_id,
        dispute.session_id,
        dispute.charge_id,
        dispute.livemode,
        dispute.account_id,
        dispute.provider,
        dispute.external_id,
        dispute.amount.minor,
        dispute.amount.currency,
        dispute.status,
        dispute.reason,
        dispute.opened_at,
        dispute.closed_at,
        disputed_change,
        now,
        *ledger.columns(postings),
    )


async def list_disputes(
    postgres: Postgres,
    org_id: UUID,
    *,
    livemode: bool,
    wanted: RefundFilters,
    before: UUID | None,
    limit: int,
) -> Sequence[Dispute]:
    """Newest first."""
    values = (org_id, livemode, before or ABOVE_ALL_IDS, limit, wanted.charge_id, wanted.status)
    rows = await postgres.fetch(_sql["list_disputes"], *values)
    return [_dispute(row) for row in rows]


def _dispute(row: Record) -> Dispute:
    return Dispute(
        id=row["id"],
        org_id=row["org_id"],
        link_id=row["link_id"],
        session_id=row["session_id"],
        charge_id=row["charge_id"],
        livemode=row["livemode"],
        account_id=row["account_id"],
        provider=row["provider"],
        external_id=row["external_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        status=row["status"],
        reason=row["reason"],
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
    )
