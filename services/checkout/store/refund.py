"""Refunds, and the sums on the charges that they give back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.checkout.domain.ledger import Posting
from services.checkout.domain.refund import Captured, Refund, RefundFilters, Review
from services.checkout.store import ledger
from shared.contracts.checkout import ReviewReason
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
ABOVE_ALL_IDS: Final = UUID(int=2**128 - 1)


async def lock_captured(tx: Transaction, charge_id: UUID) -> Captured | None:
    row = await tx.fetchrow(_sql["lock_captured"], charge_id)
    return captured_of(row) if row else None


async def lock_captured_by_payment(
    tx: Transaction, account_id: UUID, *, reference: str | None, provider_id: str | None
) -> Captured | None:
    row = await tx.fetchrow(_sql["lock_captured_by_payment"], account_id, reference, provider_id)
    return captured_of(row) if row else None


async def knows_payment(tx: Transaction, account_id: UUID, payment_id: str) -> bool:
    return await tx.fetchval(_sql["knows_payment"], account_id, payment_id)


async def name_payment(tx: Transaction, account_id: UUID, *, reference: str, payment_id: str) -> bool:
    """Whether this charge is known, and has no other name."""
    return await tx.fetchval(_sql["name_payment"], account_id, reference, payment_id) is not None


async def insert_made_there(
    tx: Transaction, refund: Refund, *, next_attempt_at: datetime, review: Review | None
) -> None:
    """A refund that the provider has told of first, `pending` or `failed`. Its charge is locked."""
    await tx.execute(
        _sql["insert_made_there"],
        refund.id,
        refund.org_id,
        refund.link_id,
        refund.session_id,
        refund.charge_id,
        refund.livemode,
        refund.account_id,
        refund.provider,
        refund.reference,
        refund.provider_id,
        refund.amount.minor,
        refund.amount.currency,
        refund.status,
        refund.failure,
        refund.created_at,
        next_attempt_at,
        review,
    )


async def insert_refund(tx: Transaction, refund: Refund, *, review: Review | None) -> bool:
    """Its charge is locked. False, and nothing written: the policy has given this charge back before."""
    made = await tx.fetchval(
        _sql["insert_refund"],
        refund.id,
        refund.org_id,
        refund.link_id,
        refund.session_id,
        refund.charge_id,
        refund.livemode,
        refund.account_id,
        refund.provider,
        refund.reference,
        refund.amount.minor,
        refund.amount.currency,
        refund.asked_by,
        refund.reason,
        refund.created_at,
        refund.absent_after,
        refund.traceparent,
        review,
    )
    return made is not None


async def write_review(tx: Transaction, charge_id: UUID, review: Review, *, reason: ReviewReason | None) -> None:
    await tx.execute(_sql["write_review"], charge_id, review, reason)


async def claim_due(postgres: Postgres, now: datetime, *, limit: int, lease_seconds: float) -> list[Refund]:
    rows = await postgres.fetch(_sql["claim_due"], now, limit, lease_seconds)
    return [refund_of(row) for row in rows]


async def read_refund(tx: Transaction, refund_id: UUID) -> Refund:
    """As it is, once its charge is locked."""
    row = await tx.fetchrow(_sql["read_refund"], refund_id)
    assert row is not None  # refunds are never deleted
    return refund_of(row)


async def find_by_word(
    tx: Transaction, account_id: UUID, *, reference: str | None, provider_id: str
) -> tuple[UUID, UUID] | None:
    """(refund, charge)."""
    row = await tx.fetchrow(_sql["find_by_word"], account_id, reference, provider_id)
    return (row["id"], row["charge_id"]) if row else None


async def write_refund(
    tx: Transaction,
    refund: Refund,
    postings: Sequence[Posting],
    *,
    next_attempt_at: datetime,
    review: Review | None,
    review_reason: ReviewReason | None,
) -> None:
    """Refund and charge are locked."""
    await tx.execute(
        _sql["write_refund"],
        refund.id,
        refund.status,
        refund.provider_id,
        refund.failure,
        next_attempt_at,
        refund.updated_at,
        review,
        review_reason,
        *ledger.columns(postings),
    )


async def ask_again(postgres: Postgres, refund_id: UUID, *, at: datetime, absent_after: datetime | None) -> None:
    await postgres.execute(_sql["ask_again"], refund_id, at, absent_after)


async def find_refund(postgres: Postgres, refund_id: UUID, *, org_id: UUID, livemode: bool) -> Refund | None:
    row = await postgres.fetchrow(_sql["find_refund"], refund_id, org_id, livemode)
    return refund_of(row) if row else None


async def list_refunds(
    postgres: Postgres,
    org_id: UUID,
    *,
    livemode: bool,
    wanted: RefundFilters,
    before: UUID | None,
    limit: int,
) -> Sequence[Refund]:
    """Newest first."""
    values = (org_id, livemode, before or ABOVE_ALL_IDS, limit, wanted.charge_id, wanted.status)
    rows = await postgres.fetch(_sql["list_refunds"], *values)
    return [refund_of(row) for row in rows]


def captured_of(row: Record) -> Captured:
    return Captured(
        id=row["id"],
        org_id=row["org_id"],
        link_id=row["link_id"],
        session_id=row["session_id"],
        livemode=row["livemode"],
        account_id=row["account_id"],
        provider=row["provider"],
        provider_id=row["provider_id"],
        reference=row["reference"],
        method=row["method"],
        total=Money(row["total_minor"], row["currency"]),
        status=row["status"],
        refunded_minor=row["refunded_minor"],
        refunding_minor=row["refunding_minor"],
        disputed_minor=row["disputed_minor"],
        review=row["review"],
        review_reason=row["review_reason"],
        created_at=row["created_at"],
    )


def refund_of(row: Record) -> Refund:
    return Refund(
        id=row["id"],
        org_id=row["org_id"],
        link_id=row["link_id"],
        session_id=row["session_id"],
        charge_id=row["charge_id"],
        livemode=row["livemode"],
        account_id=row["account_id"],
        provider=row["provider"],
        reference=row["reference"],
        amount=Money(row["amount_minor"], row["currency"]),
        status=row["status"],
        asked_by=row["asked_by"],
        reason=row["reason"],
        provider_id=row["provider_id"],
        failure=row["failure"],
        attempts=row["attempts"],
        absent_after=row["absent_after"],
        traceparent=row["traceparent"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
