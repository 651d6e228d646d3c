from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from services.links.domain.signing_key import SigningKey
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def lock(tx: Transaction) -> None:
    await tx.execute(_sql["lock_keys"])


async def listed(pg: Postgres, purpose: str, *, ended_after: datetime) -> list[SigningKey]:
    """The oldest first."""
    return _keys(await pg.fetch(_sql["list_keys"], purpose, ended_after))


async def listed_within(tx: Transaction, purpose: str, *, ended_after: datetime) -> list[SigningKey]:
    return _keys(cast("Sequence[Record]", await tx.fetch(_sql["list_keys"], purpose, ended_after)))


async def insert(tx: Transaction, key: SigningKey, *, purpose: str, now: datetime) -> None:
    await tx.execute(
        _sql["insert_key"],
        key.kid,
        purpose,
        key.public_x,
        key.sealed_private,
        key.signs_from,
        key.signs_until,
        now,
    )


async def end(tx: Transaction, purpose: str, now: datetime) -> None:
    await tx.execute(_sql["end_keys"], purpose, now)


async def delete(tx: Transaction, purpose: str, *, ended_before: datetime) -> None:
    await tx.execute(_sql["delete_keys"], purpose, ended_before)


def _keys(rows: Sequence[Record]) -> list[SigningKey]:
    return [SigningKey(**dict(row)) for row in rows]
