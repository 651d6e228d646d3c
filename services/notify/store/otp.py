"""Challenges: one for each address and link."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.otp import ATTEMPTS_MAX, JUST_NOW, Standing
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """`sealed_code` None is a challenge that no mail belongs to."""

    id: UUID
    email: str
    scope: UUID
    org_id: UUID
    code_hash: bytes
    sealed_code: bytes | None
    budget_until: datetime
    asked_at: datetime
    expires_at: datetime


class Guess(msgspec.Struct, frozen=True):
    """A guess that was compared; `verified_at` None: and was wrong."""

    id: UUID
    verified_at: datetime | None


async def challenge(tx: Transaction, new: Challenge, *, now: datetime) -> int | None:
    """The attempts that are gone already; None: a newer request is there."""
    return await tx.fetchval(
        _sql["challenge"],
        new.id,
        new.email,
        new.scope,
        new.org_id,
        new.code_hash,
        new.sealed_code,
        new.budget_until,
        new.asked_at,
        new.expires_at,
        now,
    )


async def guess(pg: Postgres, email: str, scope: UUID, *, code_hash: bytes, now: datetime) -> Guess | None:
    """None: there is nothing to compare with, or no attempt left."""
    row = await pg.fetchrow(_sql["guess"], email, scope, code_hash, now, ATTEMPTS_MAX)
    return Guess(row["id"], row["verified_at"]) if row else None


async def confirm(pg: Postgres, email: str, scope: UUID, *, code_hash: bytes, now: datetime) -> Guess | None:
    row = await pg.fetchrow(_sql["confirm"], email, scope, code_hash, now, ATTEMPTS_MAX, now - JUST_NOW)
    return Guess(row["id"], row["verified_at"]) if row else None


async def find_standing(pg: Postgres, email: str, scope: UUID) -> Standing | None:
    row = await pg.fetchrow(_sql["find_standing"], email, scope)
    return Standing(**dict(row)) if row else None


async def find_sealed(pg: Postgres, challenge_id: UUID, now: datetime) -> bytes | None:
    return await pg.fetchval(_sql["find_sealed"], challenge_id, now)


async def forget(pg: Postgres, now: datetime) -> None:
    """Erases codes whose time is over, and challenges that count no attempts any more."""
    await pg.execute(_sql["erase_sealed"], now)
    await pg.execute(_sql["forget_challenges"], now, now - JUST_NOW)
