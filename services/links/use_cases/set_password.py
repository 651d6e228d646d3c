"""A member sets a password of their own: the first one with an invitation, a new one with the old one."""

from datetime import datetime

from services.links.domain import member as rules
from services.links.domain.faults import InvitationEnded, SignInRefused
from services.links.domain.member import LoginKind, Member, Person, SignedIn
from services.links.store import logins, members
from services.links.use_cases.sessions import Session
from services.links.use_cases.sign_in import Door, open_session
from shared.kernel.faults import Invalid
from shared.runtime.postgres import Postgres, Transaction


async def accept_invitation(
    pg: Postgres,
    door: Door,
    *,
    invitation: str,
    password: str,
    kind: LoginKind,
    now: datetime,
    livemode: bool | None = None,
    ip: str = "unknown",
    user_agent: str | None = None,
) -> SignedIn:
    """Joins, and signs in. Whoever has a password already proves that they know it; else this becomes it.

    Raises:
        InvitationEnded: used, expired, withdrawn or unknown.
        SignInRefused: the invited person has another password.
        Invalid: `password` cannot be a first one.
        RateLimited.
    """
    digest = rules.invitation_digest(invitation)
    door.attempts.spend(digest.hex(), ip)
    async with pg.transaction() as tx:
        _, person = await _invited(tx, digest, now)
    # Outside of the transaction: a hash takes a while, and nothing waits for it with a row locked.
    password_hash = await _proven(door, person, password)
    async with pg.transaction() as tx:
        member, found = await _invited(tx, digest, now)
        if found.password_hash != person.password_hash:
            raise SignInRefused
        if found.password_hash is None:
            await members.set_password(tx, found.id, password_hash=password_hash, now=now)
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


async def change_password(
    pg: Postgres, door: Door, session: Session, *, current: str, new: str, now: datetime, ip: str = "unknown"
) -> None:
    """Sets it, and ends every other session of theirs, in every organization.

    Raises:
        Invalid: `current_password` is not the present one, or `new_password` cannot be one.
        RateLimited.
    """
    member = session.member
    rules.check_password("new_password", new, email=member.email)
    door.attempts.spend(member.email, ip)
    person = await members.find_person(pg, member.email)
    if not await door.passwords.fits(current, person.password_hash if person else None):
        raise Invalid("current_password", "is not your password")
    door.attempts.give_back(member.email, ip)
    password_hash = await door.passwords.hashed(new)
    async with pg.transaction() as tx:
        now_stored = await members.lock_person(tx, member.id)
        if person is None or now_stored is None or now_stored.password_hash != person.password_hash:
            raise Invalid("current_password", "was changed a moment ago")
        await members.set_password(tx, member.id, password_hash=password_hash, now=now)
        await logins.end_of(tx, member.id, but=session.login.id, now=now)


async def _invited(tx: Transaction, digest: bytes, now: datetime) -> tuple[Member, Person]:
    member = await members.lock_invited(tx, digest)
    person = await members.lock_person(tx, member.id) if member else None
    if member is None or person is None or member.invited_until is None or member.invited_until <= now:
        raise InvitationEnded
    return member, person


async def _proven(door: Door, person: Person, password: str) -> str:
    """The hash that this person is known by from now on."""
    if person.password_hash is None:
        rules.check_password("password", password, email=person.email)
        return await door.passwords.hashed(password)
    if not await door.passwords.fits(password, person.password_hash):
        raise SignInRefused
    return person.password_hash
