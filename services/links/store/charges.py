from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.charge import Charge, ChargeStatus
from services.links.store.page import ABOVE_ALL_IDS
from shared.contracts.checkout import CustomerView
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_CUSTOMER: Final = msgspec.json.Decoder(CustomerView)


async def project(tx: Transaction, charges: Sequence[Charge]) -> None:
    """Writes what is newer than what is there. No charge may stand twice in `charges`."""
    if not charges:
        return
    await tx.execute(
        _sql["project_charges"],
        [charge.id for charge in charges],
        [charge.org_id for charge in charges],
        [charge.livemode for charge in charges],
        [charge.link_id for charge in charges],
        [charge.session_id for charge in charges],
        [charge.version for charge in charges],
        [charge.status for charge in charges],
        [charge.total.minor for charge in charges],
        [charge.total.currency for charge in charges],
        [charge.method for charge in charges],
        [charge.provider for charge in charges],
        [charge.failure_reason for charge in charges],
        [msgspec.json.encode(charge.customer).decode() if charge.customer else None for charge in charges],
        [charge.payer_hint for charge in charges],
        [charge.receipt_number for charge in charges],
        [charge.late for charge in charges],
        [charge.updated_at for charge in charges],
    )


async def page(
    pg: Postgres, link_id: UUID, *, before: UUID | None, limit: int, status: ChargeStatus | None = None
) -> Sequence[Charge]:
    """Newest first."""
    rows = await pg.fetch(_sql["list_charges"], link_id, before or ABOVE_ALL_IDS, limit, status)
    return [_charge_of(row) for row in rows]


async def browse(pg: Postgres, link_id: UUID, *, limit: int, offset: int) -> Sequence[Charge]:
    """Newest first."""
    return [_charge_of(row) for row in await pg.fetch(_sql["browse_charges"], link_id, limit, offset)]


def _charge_of(row: Record) -> Charge:
    return Charge(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        link_id=row["link_id"],
        session_id=row["session_id"],
        version=row["version"],
        status=row["status"],
        total=Money(row["total_minor"], row["currency"]),
        method=row["method"],
        provider=row["provider"],
        failure_reason=row["failure_reason"],
        customer=_CUSTOMER.decode(row["customer"]) if row["customer"] else None,
        payer_hint=row["payer_hint"],
        receipt_number=row["receipt_number"],
        late=row["late"],
        settled=row["settled"],
        policy=row["policy"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
