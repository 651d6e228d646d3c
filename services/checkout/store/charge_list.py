"""Charges as their merchant reads them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.refund import ListedCharge
from services.checkout.store.refund import ABOVE_ALL_IDS, captured_of
from shared.contracts.checkout import CustomerView
from shared.runtime.postgres import Postgres, Record
from shared.runtime.queries import statements

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
    before: UUID | None,
    limit: int,
    status: str | None,
    in_review: bool,
) -> Sequence[ListedCharge]:
    """Newest first."""
    statement = _sql["list_in_review" if in_review else "list_charges"]
    rows = await postgres.fetch(statement, org_id, livemode, before or ABOVE_ALL_IDS, limit, status)
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
