"""Reports of ours against theirs, and the charges that they are about."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.reconciliation import Difference, Ours, Reconciliation
from shared.contracts.links import Method
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Record
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encode: Final = msgspec.json.Encoder().encode
_differences: Final = msgspec.json.Decoder(tuple[Difference, ...]).decode


class Compared(Struct, frozen=True, kw_only=True):
    """A charge, and what its provider is asked by."""

    ours: Ours
    provider_id: str | None
    method: Method
    created_at: datetime


async def accounts_of_day(
    postgres: Postgres, bounds: tuple[UUID, UUID], day: date, *, org_id: UUID | None, only_open: bool
) -> list[UUID]:
    rows = await postgres.fetch(_sql["accounts_of_day"], *bounds, org_id, only_open, day)
    return [row["account_id"] for row in rows]


async def claim(postgres: Postgres, report: Reconciliation, *, lease_until: datetime, only_open: bool) -> UUID | None:
    """The id of the report to fill; None while somebody else is at it, or with `only_open` has finished it."""
    return await postgres.fetchval(
        _sql["claim_reconciliation"],
        report.id,
        report.account_id,
        report.org_id,
        report.livemode,
        report.provider,
        report.day,
        lease_until,
        report.made_at,
        only_open,
    )


async def charges_of_day(
    postgres: Postgres, account_id: UUID, *, after: UUID, below: UUID, limit: int
) -> list[Compared]:
    rows = await postgres.fetch(_sql["charges_of_day"], after, below, account_id, limit)
    return [
        Compared(
            ours=Ours(
                id=row["id"],
                reference=row["reference"],
                status=row["status"],
                total=Money(row["total_minor"], row["currency"]),
            ),
            provider_id=row["provider_id"],
            method=row["method"],
            created_at=row["created_at"],
        )
        for row in rows
    ]


async def extend_lease(postgres: Postgres, report_id: UUID, lease_until: datetime) -> None:
    await postgres.execute(_sql["extend_lease"], report_id, lease_until)


async def finish(postgres: Postgres, report: Reconciliation) -> None:
    await postgres.execute(
        _sql["finish_reconciliation"],
        report.id,
        report.compared,
        report.unanswered,
        report.differing,
        _encode(report.differences).decode(),
        report.made_at,
    )


async def list_reconciliations(
    postgres: Postgres,
    org_id: UUID,
    *,
    livemode: bool,
    before: UUID | None,
    day: date | None,
    account_id: UUID | None,
    limit: int,
) -> Sequence[Reconciliation]:
    """Newest first."""
    rows = await postgres.fetch(_sql["list_reconciliations"], org_id, livemode, before, day, account_id, limit)
    return [_report(row) for row in rows]


def _report(row: Record) -> Reconciliation:
    return Reconciliation(
        id=row["id"],
        account_id=row["account_id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        provider=row["provider"],
        day=row["day"],
        compared=row["compared"],
        unanswered=row["unanswered"],
        differing=row["differing"],
        differences=_differences(row["differences_text"]),
        made_at=row["made_at"],
    )
