from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from services.links.domain.member import Login, Member
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def insert(pg: Postgres, login: Login, *, password_hash: str) -> bool:
    """False: the password is another by now."""
    made = await pg.fetchval(
        _sql["insert_login"],
        login.id,
        login.member_id,
        login.org_id,
        login.livemode,
        login.kind,
        login.user_agent,
        login.created_at,
        login.expires_at,
        password_hash,
    )
    return made is not None


async def find_session(pg: Postgres, login_id: UUID) -> tuple[Login, Member] | None:
    """A sign-in, with the member as they are now; None also when they have left."""
    row = await pg.fetchrow(_sql["find_session"], login_id)
    return (_login_of(row), _member_of(row)) if row else None


async def end(pg: Postgres, login_id: UUID, now: datetime) -> None:
    await pg.execute(_sql["end_login"], login_id, now)


async def end_of(
    tx: Transaction, member_id: UUID, *, now: datetime, org_id: UUID | None = None, but: UUID | None = None
) -> None:
    await tx.execute(_sql["end_logins_of"], member_id, org_id, but, now)


async def mark_used(pg: Postgres, used: Mapping[UUID, datetime]) -> None:
    await pg.execute(_sql["mark_logins_used"], list(used), list(used.values()))


async def forget(pg: Postgres, expired_before: datetime) -> None:
    await pg.execute(_sql["forget_logins"], expired_before)


def _login_of(row: Record) -> Login:
    return Login(
        id=row["id"],
        member_id=row["member_id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        kind=row["kind"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        user_agent=row["user_agent"],
        ended_at=row["ended_at"],
    )


def _member_of(row: Record) -> Member:
    return Member(
        id=row["member_id"],
        org_id=row["org_id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        created_at=row["member_since"],
        joined_at=row["joined_at"],
    )
