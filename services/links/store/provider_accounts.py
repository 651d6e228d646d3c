"""What an organization's accounts with payment providers take, as checkout tells it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.eligibility import AccountTakes
from shared.contracts.checkout import ProviderAccountEvent, Taken
from shared.runtime.postgres import Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encode: Final = msgspec.json.Encoder().encode
_takes: Final = msgspec.json.Decoder(tuple[Taken, ...]).decode


async def project(tx: Transaction, facts: Sequence[ProviderAccountEvent]) -> None:
    """At most one of each account."""
    await tx.execute(
        _sql["project_accounts"],
        [one.account_id for one in facts],
        [one.org_id for one in facts],
        [one.livemode for one in facts],
        [one.provider for one in facts],
        [one.version for one in facts],
        [_encode(one.takes).decode() for one in facts],
    )


async def accounts_of(on: Reader, org_id: UUID, *, livemode: bool) -> list[AccountTakes]:
    """Those that take anything."""
    rows: Sequence[Record] = await on.fetch(_sql["accounts_of"], org_id, livemode)
    return [AccountTakes(row["provider"], _takes(row["takes"])) for row in rows]
