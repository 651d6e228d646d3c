"""What an operator does, who holds the database: add the first owner, or give somebody a new password."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain import member as rules
from services.links.domain.faults import EmailTaken
from services.links.domain.member import Member, Person, Role
from services.links.store import logins, members, organizations
from services.links.use_cases.passwords import Passwords
from shared.kernel.faults import NotFound
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres

_PASSWORD_BYTES: Final = 15


class Enrolled(msgspec.Struct, frozen=True):
    """`password` is shown now and never again."""

    member: Member
    password: str


async def enrol_member(
    pg: Postgres, passwords: Passwords, *, org_id: UUID, email: str, name: str, role: Role, now: datetime
) -> Enrolled:
    """A member at once, without an invitation, and with a random password.

    Somebody who is known from elsewhere gets a new one, too, and is signed out: the one that they have may have been
    chosen by whoever added or invited them there, who could come in with it.

    Raises:
        Invalid.
        NotFound: no such organization.
        EmailTaken: they belong to it already.
    """
    address = rules.checked_address(email)
    rules.check_person_name(name)
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    password_hash = await passwords.hashed(password)
    async with pg.transaction() as tx:
        if await organizations.lock(tx, org_id) is None:
            raise NotFound("organization")
        person = Person(id=new_id(), email=address, name=name, password_hash=password_hash)
        if not await members.insert_person(tx, person, now):
            known = await members.find_person(tx, address)
            if known is None:
                raise EmailTaken(email=address)
            await members.set_password(tx, known.id, password_hash=password_hash, now=now)
            await logins.end_of(tx, known.id, now=now)
            person = known
        member = Member(
            id=person.id,
            org_id=org_id,
            email=address,
            name=person.name,
            role=role,
            created_at=now,
            joined_at=now,
        )
        if not await members.insert_membership(tx, member):
            raise EmailTaken(email=address)
    return Enrolled(member, password)


async def reset_password(
    pg: Postgres, passwords: Passwords, *, email: str, now: datetime, password: str | None = None
) -> str:
    """A new password, random unless it is given. Every session of theirs ends.

    Raises:
        NotFound: nobody has this address.
    """
    chosen = password or secrets.token_urlsafe(_PASSWORD_BYTES)
    password_hash = await passwords.hashed(chosen)
    async with pg.transaction() as tx:
        person = await members.find_person(tx, rules.checked_address(email))
        if person is None:
            raise NotFound("member")
        await members.set_password(tx, person.id, password_hash=password_hash, now=now)
        await logins.end_of(tx, person.id, now=now)
    return chosen
