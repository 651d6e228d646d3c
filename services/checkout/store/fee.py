"""Fees that are learned after the capture, and whom to ask for one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.ledger import Posting
from services.checkout.domain.polling import FEE_SECONDS
from services.checkout.domain.refund import Captured
from services.checkout.store import ledger
from services.checkout.store.refund import captured_of
from shared.contracts.links import Method
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class FeeAsk(Struct, frozen=True, kw_only=True):
    """A capture whose provider is to be asked for its fee now. `asks` counts this one, too."""

    id: UUID
    asks: int
    account_id: UUID
    provider: str
    reference: str
    provider_id: str | None
    method: Method
    total: Money
    created_at: datetime


async def captured_without_fee(tx: Transaction, charge_ids: Sequence[UUID]) -> list[Captured]:
    return [captured_of(row) for row in await tx.fetch(_sql["captured_without_fee"], charge_ids)]


async def post_fees(tx: Transaction, postings: Sequence[Posting], now: datetime) -> None:
    await tx.execute(_sql["post_fees"], now, *ledger.columns(postings))


async def claim_fee_asks(postgres: Postgres, now: datetime, *, limit: int) -> list[FeeAsk]:
    rows = await postgres.fetch(_sql["claim_fee_asks"], now, limit, FEE_SECONDS)
    return [
        FeeAsk(
            id=row["id"],
            asks=row["asks"],
            account_id=row["account_id"],
            provider=row["provider"],
            reference=row["reference"],
            provider_id=row["provider_id"],
            method=row["method"],
            total=Money(row["total_minor"], row["currency"]),
            created_at=row["created_at"],
        )
        for row in rows
    ]


async def end_fee_asks(on: Postgres | Transaction, charge_ids: Sequence[UUID]) -> None:
    await on.execute(_sql["end_fee_asks"], charge_ids)
