"""The counters of coupons, as uses move them."""

from collections.abc import Mapping, Sequence
from typing import Final, cast
from uuid import UUID

from services.links.domain.batch import CouponKnown, Coupons
from services.links.domain.coupon import Redemptions
from shared.runtime.postgres import Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def lock(tx: Transaction, coupon_ids: Sequence[UUID]) -> Coupons:
    """Ours until the transaction ends. Always locked in the order of their ids."""
    rows = cast("Sequence[Record]", await tx.fetch(_sql["lock_redemptions"], coupon_ids))
    return {
        row["coupon_id"]: CouponKnown(
            row["org_id"], Redemptions(row["redemptions_max"], row["redeemed"], row["held"], row["version"])
        )
        for row in rows
    }


async def write(tx: Transaction, changed: Mapping[UUID, Redemptions]) -> None:
    counted = list(changed.items())
    await tx.execute(
        _sql["write_redemptions"],
        [coupon_id for coupon_id, _ in counted],
        [one.redeemed for _, one in counted],
        [one.held for _, one in counted],
        [one.version for _, one in counted],
    )
