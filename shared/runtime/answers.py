"""Answers kept under their Idempotency-Key, in the runtime's table `idempotency`."""

from datetime import datetime
from typing import Final

from shared.kernel.answer import Answer, Once
from shared.kernel.faults import IdempotencyMismatch, Unavailable
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def claim(tx: Transaction, once: Once, now: datetime) -> bool:
    """Whether this request is the first with its key."""
    row = await tx.fetchval(_sql["claim"], once.scope, once.route, once.key, once.fingerprint, now)
    return row is not None


async def keep(tx: Transaction, once: Once, answer: Answer) -> None:
    await tx.execute(_sql["keep"], once.scope, once.route, once.key, answer.status, answer.body)


async def find(pg: Postgres, once: Once) -> Answer:
    """The answer given before.

    Raises:
        IdempotencyMismatch: it was given to another request.
        Unavailable: it was forgotten this very moment; the same request may be sent again.
    """
    answer = await find_if_any(pg, once)
    if answer is None:
        raise Unavailable("postgres")
    return answer


async def find_if_any(pg: Postgres, once: Once) -> Answer | None:
    """As `find`; None where the key was not used yet. Raises: IdempotencyMismatch."""
    row = await pg.fetchrow(_sql["find"], once.scope, once.route, once.key)
    if row is None:
        return None
    if row["fingerprint"] != once.fingerprint:
        raise IdempotencyMismatch
    return Answer(status=row["status"], body=row["body"], replayed=True)
