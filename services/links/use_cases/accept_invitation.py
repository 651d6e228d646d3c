"""Somebody who is invited joins: with a first password of their own, or with the one that they have."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from services.links.domain import member as rules
from services.links.domain.faults import InvitationEnded, SignInRefused
from services.links.domain.member import LoginKind, Member, Person, SignedIn
from services.links.domain.organization import Organization
from services.links.store import members, organizations
from services.links.use_cases.sign_in import Door, open_session
from shared.kernel.faults import Invalid
from shared.runtime.postgres import Postgres, Transaction


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """Who is invited to what. `is_new`: they have no password yet."""

    member: Member
    organization: Organization
    is_new: bool


async def read_invitation(pg: Postgres, invitation: str, *, now: datetime) -> Invited:
    """What the invitation is to. Looking at it changes nothing: mail programs open links, too.

    Raises:
        InvitationEnded.
    """
    digest = rules.invitation_digest(invitation)
    found = await members.find_invited(pg, digest)
    organization = await organizations.find(pg, found[0].org_id) if found else None
    if found is None or organization is None:
        raise InvitationEnded("used" if await members.was_accepted(pg, digest) else "unknown")
    member, is_new = found
    _check_lasts(member, now)
    return Invited(member=member, organization=organization, is_new=is_new)


async def accept_invitation(
    pg: Postgres,
    door: Door,
    *,
    invitation: str,
    password: str,
    kind: LoginKind,
    now: datetime,
    name: str | None = None,
    livemode: bool | None = None,
    ip: str = "unknown",
    user_agent: str | None = None,
) -> SignedIn:
    """Joins, and signs in. Whoever has a password already proves that they know it; else this becomes it.

    `name` is how somebody new is called from now on, instead of what the invitation says.

    Raises:
        InvitationEnded.
        SignInRefused: the invited person has another password.
        Invalid: `password` cannot be a first one; or `name` cannot be one, or is that of somebody who has theirs.
        RateLimited.
    """
    digest = rules.invitation_digest(invitation)
    door.attempts.spend(digest.hex(), ip)
    async with pg.transaction() as tx:
        _, person = await _invited(tx, digest, now)
    if name is not None:
        _check_name(person, name)
    # Outside of the transaction: a hash takes a while, and nothing waits for it with a row locked.
    password_hash = await _proven(door, person, password)
    async with pg.transaction() as tx:
        member, found = await _invited(tx, digest, now)
        if found.password_hash != person.password_hash:
            raise SignInRefused
        if found.password_hash is None:
            await members.set_password(tx, found.id, password_hash=password_hash, now=now)
            if name is not None:
                await members.set_name(tx, found.id, name=name, now=now)
                member = replace(member, name=name)
        await members.join(tx, member.org_id, member.id, now=now)
    door.attempts.give_back(digest.hex(), ip)
    return await open_session(
        pg,
        door.tokens,
        member,
        password_hash=password_hash,
        kind=kind,
        livemode=door.livemode if livemode is None else livemode,
        user_agent=user_agent,
        now=now,
    )


async def _invited(tx: Transaction, digest: bytes, now: datetime) -> tuple[Member, Person]:
    member = await members.lock_invited(tx, digest)
    person = await members.lock_person(tx, member.id) if member else None
    if member is None or person is None:
        raise InvitationEnded("used" if await members.was_accepted(tx, digest) else "unknown")
    _check_lasts(member, now)
    return member, person


def _check_lasts(member: Member, now: datetime) -> None:
    if member.invited_until is None or member.invited_until <= now:
        raise InvitationEnded("expired")


def _check_name(person: Person, name: str) -> None:
    if person.password_hash is not None:
        raise Invalid("name", "is yours already: change it once you have joined")
    rules.check_person_name(name)


async def _proven(door: Door, person: Person, password: str) -> str:
    """The hash that this person is known by from now on."""
    if person.password_hash is None:
        rules.check_password("password", password, email=person.email)
        return await door.passwords.hashed(password)
    if not await door.passwords.fits(password, person.password_hash):
        raise SignInRefused
    return person.password_hash
