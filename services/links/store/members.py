from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.links.domain.member import Member, Person, Role
from services.links.store.page import ABOVE_ALL_IDS
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def insert_person(tx: Transaction, person: Person, now: datetime) -> bool:
    """False: the address is somebody's already."""
    made = await tx.fetchval(_sql["insert_person"], person.id, person.email, person.name, person.password_hash, now)
    return made is not None


async def find_person(pg: Postgres | Transaction, email: str) -> Person | None:
    row = await pg.fetchrow(_sql["find_person"], email)
    return _person_of(row) if row else None


async def lock_person(tx: Transaction, member_id: UUID) -> Person | None:
    row = await tx.fetchrow(_sql["lock_person"], member_id)
    return _person_of(row) if row else None


async def set_password(tx: Transaction, member_id: UUID, *, password_hash: str, now: datetime) -> None:
    await tx.execute(_sql["set_password"], member_id, password_hash, now)


async def set_name(tx: Transaction, member_id: UUID, *, name: str, now: datetime) -> None:
    await tx.execute(_sql["set_name"], member_id, name, now)


async def replace_hash(pg: Postgres, member_id: UUID, *, old: str, new: str) -> None:
    await pg.execute(_sql["replace_hash"], member_id, old, new)


async def forget_person(tx: Transaction, member_id: UUID) -> None:
    await tx.execute(_sql["forget_person"], member_id)


async def insert_membership(tx: Transaction, member: Member, invitation_sha256: bytes | None = None) -> bool:
    """False: they belong to the organization already, or are invited to it."""
    made = await tx.fetchval(
        _sql["insert_membership"],
        member.id,
        member.org_id,
        member.role,
        invitation_sha256,
        member.invited_until,
        member.joined_at,
        member.created_at,
    )
    return made is not None


async def find(pg: Postgres | Transaction, org_id: UUID, member_id: UUID) -> Member | None:
    row = await pg.fetchrow(_sql["find_member"], org_id, member_id)
    return member_of(row) if row else None


async def find_joined(pg: Postgres, member_id: UUID, org_id: UUID | None) -> Member | None:
    row = await pg.fetchrow(_sql["find_joined"], member_id, org_id)
    return member_of(row) if row else None


async def lock_invited(tx: Transaction, invitation_sha256: bytes) -> Member | None:
    row = await tx.fetchrow(_sql["lock_invited"], invitation_sha256)
    return member_of(row) if row else None


async def find_invited(pg: Postgres, invitation_sha256: bytes) -> tuple[Member, bool] | None:
    """The member, and whether the person is new: whether their first password comes with the acceptance."""
    row = await pg.fetchrow(_sql["find_invited"], invitation_sha256)
    return (member_of(row), row["is_new"]) if row else None


async def was_accepted(pg: Postgres | Transaction, invitation_sha256: bytes) -> bool:
    return await pg.fetchval(_sql["was_accepted"], invitation_sha256)


async def page(pg: Postgres, *, org_id: UUID, before: UUID | None, limit: int) -> Sequence[Member]:
    rows = await pg.fetch(_sql["list_members"], org_id, before or ABOVE_ALL_IDS, limit)
    return [member_of(row) for row in rows]


async def count_other_owners(tx: Transaction, org_id: UUID, member_id: UUID) -> int:
    return await tx.fetchval(_sql["count_other_owners"], org_id, member_id)


async def is_elsewhere(tx: Transaction, org_id: UUID, member_id: UUID) -> bool:
    """Whether they belong to another organization, too, or are invited to one."""
    return await tx.fetchval(_sql["is_elsewhere"], org_id, member_id)


async def set_role(tx: Transaction, org_id: UUID, member_id: UUID, *, role: Role) -> None:
    await tx.execute(_sql["set_role"], org_id, member_id, role)


async def join(tx: Transaction, org_id: UUID, member_id: UUID, *, now: datetime) -> None:
    await tx.execute(_sql["join"], org_id, member_id, now)


async def delete_membership(tx: Transaction, org_id: UUID, member_id: UUID) -> None:
    await tx.execute(_sql["delete_membership"], org_id, member_id)


def _person_of(row: Record) -> Person:
    return Person(id=row["id"], email=row["email"], name=row["name"], password_hash=row["password_hash"])


def member_of(row: Record) -> Member:
    return Member(
        id=row["id"],
        org_id=row["org_id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        created_at=row["created_at"],
        joined_at=row["joined_at"],
        invited_until=row["invitation_expires_at"],
    )
