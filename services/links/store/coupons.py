"""Coupons with their counters. Holding and settling them is part of a use, and written with it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from services.links.domain.coupon import Coupon, Off, Redemptions
from services.links.domain.faults import CouponCodeTaken
from services.links.store import metadata
from services.links.store.page import ABOVE_ALL_IDS
from shared.runtime.postgres import Reader, Record, Transaction, constraint_of
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_OFF: Final = msgspec.json.Decoder(Off)
_CODE: Final = "coupon_code"


async def insert(tx: Transaction, coupon: Coupon) -> None:
    """Raises: CouponCodeTaken."""
    try:
        await tx.execute(
            _sql["insert_coupon"],
            coupon.id,
            coupon.org_id,
            coupon.livemode,
            coupon.code,
            msgspec.json.encode(coupon.off).decode(),
            coupon.currency,
            coupon.expires_at,
            metadata.written(coupon.metadata),
            coupon.active,
            coupon.revision,
            coupon.created_at,
            coupon.updated_at,
            coupon.redemptions.max,
        )
    except asyncpg.UniqueViolationError as error:
        if constraint_of(error) == _CODE:
            raise CouponCodeTaken(coupon_code=coupon.code) from None
        raise


async def find(pg: Reader, coupon_id: UUID, *, org_id: UUID, livemode: bool) -> Coupon | None:
    row = await pg.fetchrow(_sql["find_coupon"], coupon_id, org_id, livemode)
    return coupon_of(row) if row else None


async def find_by_code(pg: Reader, code: str, *, org_id: UUID, livemode: bool) -> Coupon | None:
    """`code` as `coupon.code_of` writes it."""
    row = await pg.fetchrow(_sql["find_coupon_by_code"], code, org_id, livemode)
    return coupon_of(row) if row else None


async def lock(tx: Transaction, coupon_id: UUID, *, org_id: UUID, livemode: bool) -> Coupon | None:
    row = await tx.fetchrow(_sql["lock_coupon"], coupon_id, org_id, livemode)
    return coupon_of(row) if row else None


async def update(tx: Transaction, coupon: Coupon) -> None:
    """Everything but the code, and of the counters only the cap."""
    await tx.execute(
        _sql["update_coupon"],
        coupon.id,
        msgspec.json.encode(coupon.off).decode(),
        coupon.currency,
        coupon.expires_at,
        metadata.written(coupon.metadata),
        coupon.active,
        coupon.revision,
        coupon.updated_at,
        coupon.redemptions.max,
    )


async def page(
    pg: Reader,
    *,
    org_id: UUID,
    livemode: bool,
    before: UUID | None,
    limit: int,
    active: bool | None,
    code: str | None = None,
    currency: str | None = None,
) -> Sequence[Coupon]:
    """Newest first; None of a filter is any. A currency finds those that are restricted to it."""
    rows = await pg.fetch(
        _sql["list_coupons"], org_id, livemode, before or ABOVE_ALL_IDS, limit, active, code, currency
    )
    return [coupon_of(row) for row in rows]


def coupon_of(row: Record) -> Coupon:
    return Coupon(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        code=row["code"],
        off=_OFF.decode(row["off"]),
        currency=row["currency"],
        expires_at=row["expires_at"],
        redemptions=Redemptions(row["redemptions_max"], row["redeemed"], row["held"], row["version"]),
        metadata=metadata.read(row["metadata"]),
        active=row["active"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
