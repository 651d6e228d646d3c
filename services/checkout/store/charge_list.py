"""Charges as their merchant reads them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.reconciliation import first_id
from services.checkout.domain.refund import ChargeFilters, ListedCharge
from services.checkout.store.refund import ABOVE_ALL_IDS, captured_of
from shared.contracts.checkout import CustomerView
from shared.runtime.postgres import Postgres, Record
from shared.runtime.queries import statements

FIRST_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = datetime(9999, 12, 31, tzinfo=UTC)
AROUND: Final = timedelta(seconds=10)
"""By so much at most an id was made before or after the moment that its charge bears."""
_sql: Final = statements(__file__)


class Contradiction(Struct, frozen=True, kw_only=True):
    """A genuine callback that would have moved the charge backwards, as it came."""

    id: UUID
    provider: str
    body: bytes
    received_at: datetime
    external_id: str


async def list_charges(
    postgres: Postgres,
    org_id: UUID,
    *,
    livemode: bool,
    wanted: ChargeFilters,
    before: UUID | None,
    limit: int,
) -> Sequence[ListedCharge]:
    """Newest first. An id bears the moment at which it was made, so the list's own index finds a span of time."""
    since, until = wanted.since or FIRST_MOMENT, wanted.until or LAST_MOMENT
    above = first_id(max(since, FIRST_MOMENT + AROUND) - AROUND)
    below = min(before or ABOVE_ALL_IDS, first_id(min(until, LAST_MOMENT - AROUND) + AROUND))
    values = (org_id, livemode, below, limit, wanted.status, wanted.method, above, since, until)
    if wanted.link_id is not None:
        rows = await postgres.fetch(_sql["list_charges_of_link"], *values, wanted.link_id, wanted.in_review)
    elif wanted.in_review:
        rows = await postgres.fetch(_sql["list_in_review"], *values)
    elif wanted.since is None:
        rows = await postgres.fetch(_sql["list_charges"], *values)
    else:
        async with postgres.transaction() as tx:
            await tx.execute(_sql["plan_for_values"])
            rows = await tx.fetch(_sql["list_charges_since"], *values)
    return [_listed(row) for row in rows]


async def find_charge(postgres: Postgres, charge_id: UUID, *, org_id: UUID, livemode: bool) -> ListedCharge | None:
    row = await postgres.fetchrow(_sql["find_charge"], charge_id, org_id, livemode)
    return _listed(row) if row else None


async def find_contradictions(postgres: Postgres, charge_id: UUID, *, limit: int) -> Sequence[Contradiction]:
    rows = await postgres.fetch(_sql["find_contradictions"], charge_id, limit)
    return [Contradiction(**dict(row)) for row in rows]


def _listed(row: Record) -> ListedCharge:
    return ListedCharge(
        captured=captured_of(row),
        customer=CustomerView(email=row["email"], name=row["name"], phone=row["phone"]),
        failure_reason=row["failure_reason"],
        payer_last4=row["payer_last4"],
        card_brand=row["card_brand"],
        updated_at=row["updated_at"],
    )
