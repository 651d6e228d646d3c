"""Organizations as buyers see them, where they have changed since some link of theirs did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts.links import MerchantView
from shared.runtime.postgres import Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encode: Final = msgspec.json.Encoder().encode


class Merchant(msgspec.Struct, frozen=True):
    org_id: UUID
    revision: int
    view: MerchantView


async def put(tx: Transaction, merchants: Sequence[Merchant], now: datetime) -> None:
    """At most one of each organization."""
    await tx.execute(
        _sql["put_merchants"],
        [one.org_id for one in merchants],
        [one.revision for one in merchants],
        [_encode(one.view).decode() for one in merchants],
        now,
    )
