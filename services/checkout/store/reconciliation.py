"""Reports of ours against theirs, and the charges that they are about."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.reconciliation import Difference, Ours, Reconciliation, bounds_of, moments_of
from shared.contracts.links import Method
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Record
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encode: Final = msgspec.json.Encoder().encode
_differences: Final = msgspec.json.Decoder(tuple[Difference, ...]).decode


class Compared(Struct, frozen=True, kw_only=True):
    """A charge or a refund, and the charge that its provider is asked about."""

    ours: Ours
    charge_reference: str
    charge_provider_id: str | None
    charge_total: Money
    method: Method
    created_at: datetime


async def accounts_of_day(
    postgres: Postgres, day: date, *, org_id: UUID | None, unless_made_since: datetime | None, listers: Sequence[str]
) -> list[UUID]:
    """`listers`: providers that tell by themselves what an account has, so that days without charges count, too."""
    ends = moments_of(day)[1]
    rows = await postgres.fetch(
        _sql["accounts_of_day"], *bounds_of(day), org_id, unless_made_since, day, list(listers), ends
    )
    return [row["id"] for row in rows]


async def claim(
    postgres: Postgres, report: Reconciliation, *, lease_until: datetime, unless_made_since: datetime | None
) -> UUID | None:
    """The id of the report to fill; None while somebody else is at it, or has finished it since."""
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
        unless_made_since,
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
                provider_id=row["provider_id"],
                fee=None if row["fee_minor"] is None else Money(row["fee_minor"], row["fee_currency"]),
            ),
            charge_reference=row["reference"],
            charge_provider_id=row["provider_id"],
            charge_total=Money(row["total_minor"], row["currency"]),
            method=row["method"],
            created_at=row["created_at"],
        )
        for row in rows
    ]


async def refunds_of_day(
    postgres: Postgres, account_id: UUID, *, after: UUID, below: UUID, limit: int
) -> list[Compared]:
    rows = await postgres.fetch(_sql["refunds_of_day"], after, below, account_id, limit)
    return [
        Compared(
            ours=Ours(
                about="refund",
                id=row["id"],
                reference=row["reference"],
                status=row["status"],
                total=Money(row["amount_minor"], row["currency"]),
                provider_id=row["provider_id"],
            ),
            charge_reference=row["charge_reference"],
            charge_provider_id=row["charge_provider_id"],
            charge_total=Money(row["charge_minor"], row["charge_currency"]),
            method=row["charge_method"],
            created_at=row["charge_created_at"],
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
        report.refunds_compared,
        report.listed,
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
        refunds_compared=row["refunds_compared"],
        listed=row["listed"],
        unanswered=row["unanswered"],
        differing=row["differing"],
        differences=_differences(row["differences_text"]),
        made_at=row["made_at"],
    )
