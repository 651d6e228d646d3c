"""Signing in and out. A wrong password and an unknown address get the same answer, in the same time."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.faults import SignInRefused
from services.links.domain.member import (
    EMAIL_CHARS_MAX,
    LOGIN_LASTS,
    USER_AGENT_CHARS_MAX,
    Login,
    LoginKind,
    Member,
    SignedIn,
    address_of,
)
from services.links.domain.organization import Organization
from services.links.store import logins, members, organizations
from services.links.use_cases.passwords import Passwords
from services.links.use_cases.session_tokens import SessionTokens
from shared.kernel.ids import new_id
from shared.runtime.limits import Limiter
from shared.runtime.postgres import Postgres

PER_ADDRESS: Final = 10
PER_ADDRESS_EVERY_SECONDS: Final = 15
PER_IP: Final = 30
PER_IP_EVERY_SECONDS: Final = 2
PER_IP_ON_LOOPBACK: Final = 300
"""On a test-mode stack every script signs in from the machine itself."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


class Attempts:
    """How often somebody may be wrong: in a burst, and then again every few seconds. Nobody is locked out for ever.

    A right password costs nothing, so that whoever signs in often is never held up.
    """

    def __init__(self, *, test_mode: bool) -> None:
        self._test_mode = test_mode
        self._address = Limiter("sign_in_address", per_second=1 / PER_ADDRESS_EVERY_SECONDS, burst=PER_ADDRESS)
        self._ip = Limiter("sign_in_ip", per_second=1 / PER_IP_EVERY_SECONDS, burst=PER_IP)
        self._loopback = Limiter("sign_in_ip", per_second=PER_IP_ON_LOOPBACK, burst=PER_IP_ON_LOOPBACK)

    def spend(self, address: str, ip: str) -> None:
        """Raises: RateLimited."""
        self._by_ip(ip).spend(ip)
        self._address.spend(address)

    def give_back(self, address: str, ip: str) -> None:
        self._by_ip(ip).spend(ip, -1)
        self._address.spend(address, -1)

    def _by_ip(self, ip: str) -> Limiter:
        return self._loopback if self._test_mode and ip in _LOOPBACK else self._ip


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What signing in needs. `livemode` is the mode of a sign-in that names none."""

    passwords: Passwords
    tokens: SessionTokens
    attempts: Attempts
    livemode: bool


async def sign_in(
    pg: Postgres,
    door: Door,
    *,
    email: str,
    password: str,
    kind: LoginKind,
    now: datetime,
    livemode: bool | None = None,
    org_id: UUID | None = None,
    ip: str = "unknown",
    user_agent: str | None = None,
) -> SignedIn:
    """A new session of a member, in the organization that they name or else joined first.

    Raises:
        SignInRefused: no such address, another password, or not a member of `org_id`: they look alike.
        RateLimited: too many wrong ones for this address or from this IP, or too many at once.
    """
    address = address_of(email)
    name = address or email[:EMAIL_CHARS_MAX].lower()
    door.attempts.spend(name, ip)
    person = await members.find_person(pg, address) if address else None
    fits = await door.passwords.fits(password, person.password_hash if person else None)
    member = await members.find_joined(pg, person.id, org_id) if person and fits else None
    if person is None or person.password_hash is None or member is None:
        raise SignInRefused
    opened = await open_session(
        pg,
        door.tokens,
        member,
        password_hash=person.password_hash,
        kind=kind,
        livemode=door.livemode if livemode is None else livemode,
        user_agent=user_agent,
        now=now,
    )
    door.attempts.give_back(name, ip)
    if door.passwords.is_outdated(person.password_hash):
        better = await door.passwords.hashed(password)
        await members.replace_hash(pg, person.id, old=person.password_hash, new=better)
    return opened


async def sign_out(pg: Postgres, tokens: SessionTokens, token: str, *, now: datetime) -> UUID | None:
    """Ends the session of this token, if it is one of ours; its id. What has ended before stays as it was."""
    claims = tokens.read(token)
    if claims is None:
        return None
    await logins.end(pg, claims.sid, now)
    return claims.sid


async def open_session(
    pg: Postgres,
    tokens: SessionTokens,
    member: Member,
    *,
    password_hash: str,
    kind: LoginKind,
    livemode: bool,
    now: datetime,
    user_agent: str | None = None,
    lasts: timedelta = LOGIN_LASTS,
) -> SignedIn:
    """A session of somebody whose password was just checked.

    Raises:
        SignInRefused: it was changed meanwhile.
    """
    login = Login(
        id=new_id(),
        member_id=member.id,
        org_id=member.org_id,
        livemode=livemode,
        kind=kind,
        created_at=now,
        expires_at=now.replace(microsecond=0) + lasts,
        user_agent=_shown(user_agent),
    )
    if not await logins.insert(pg, login, password_hash=password_hash):
        raise SignInRefused
    return SignedIn(
        token=tokens.token_for(login, member.role),
        expires_at=login.expires_at,
        member=member,
        organization=await _organization(pg, member.org_id),
        login=login,
    )


async def _organization(pg: Postgres, org_id: UUID) -> Organization:
    organization = await organizations.find(pg, org_id)
    assert organization is not None  # a foreign key says so
    return organization


def _shown(user_agent: str | None) -> str | None:
    """Kept for people to recognize a sign-in by: bounded, and printable."""
    text = "".join(character for character in user_agent or "" if character.isprintable())
    return text[:USER_AGENT_CHARS_MAX] or None
