"""Doing something once per Idempotency-Key, however often it is asked for."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec.structs import replace

from shared.kernel.answer import Answer, Once, Seal
from shared.runtime import answers
from shared.runtime.postgres import Postgres, Transaction

Act = Callable[[Transaction], Awaitable[Answer]]


async def once(pg: Postgres, key: Once | None, act: Act, *, now: datetime, seal: Seal | None = None) -> Answer:
    """`act` in a transaction, its answer kept with what it did; or the answer that was given before.

    Raises:
        IdempotencyMismatch: the key was used for another request.
    """
    async with pg.transaction() as tx:
        if key is None:
            return await act(tx)
        if await answers.claim(tx, key, now):
            answer = await act(tx)
            kept = replace(answer, body=seal.seal(answer.body)) if seal else answer
            await answers.keep(tx, key, kept)
            return answer
    before = await answers.find(pg, key)
    return replace(before, body=seal.unseal(before.body)) if seal else before
