"""A member sets a new password with the old one. The first one comes with an invitation: `accept_invitation`."""

from datetime import datetime

from services.links.domain import member as rules
from services.links.store import logins, members
from services.links.use_cases.sessions import Session
from services.links.use_cases.sign_in import Door
from shared.kernel.faults import Invalid
from shared.runtime.postgres import Postgres


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
