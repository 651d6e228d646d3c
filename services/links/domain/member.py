"""People: who belongs to an organization, what they may do there, and their sign-ins."""

import hashlib
import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from services.links.domain.keys import SCOPES, Scope
from services.links.domain.organization import Organization
from shared.kernel.faults import Invalid

Role = Literal["owner", "admin", "staff", "viewer"]
LoginKind = Literal["cookie", "token"]
PasswordFlaw = Literal["length", "alike", "address"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
NAME_CHARS_MAX: Final = 100
EMAIL_CHARS_MAX: Final = 254
PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS_MAX: Final = 256
USER_AGENT_CHARS_MAX: Final = 200
LOGIN_LASTS: Final = timedelta(hours=12)
INVITATION_LASTS: Final = timedelta(days=7)
INVITATION_PREFIX: Final = "pli_"
INVITATION_PATH: Final = "/dashboard/invitation"
"""Where it is accepted: a page of the dashboard, with the token in the query."""

_EMAIL: Final = re.compile(r"[^@\s,;<>()\"\\]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,180}[a-z0-9])?\.[a-z]{2,63}")
_READS: Final[tuple[Scope, ...]] = tuple(scope for scope in SCOPES if scope.endswith(":read"))
_SELLS: Final[tuple[Scope, ...]] = ("links:write", "products:write", "plans:write", "coupons:write")
_SCOPES_OF: Final[dict[Role, tuple[Scope, ...]]] = {
    "owner": SCOPES,
    "admin": SCOPES,
    "staff": (*_READS, *_SELLS),
    "viewer": _READS,
}
_DIFFERENT_CHARACTERS_MIN: Final = 4
_PASSWORD_RULES: Final[dict[PasswordFlaw, str]] = {
    "length": f"must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters",
    "alike": f"must have at least {_DIFFERENT_CHARACTERS_MIN} different characters",
    "address": "must not be the e-mail address",
}


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an address, whatever they belong to. `password_hash` is None until an invitation is accepted."""

    id: UUID
    email: str
    name: str
    password_hash: str | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person in one organization. Until `joined_at` they are only invited."""

    id: UUID
    org_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    joined_at: datetime | None = None
    invited_until: datetime | None = None

    @property
    def by(self) -> str:
        return f"member:{self.id}"


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in of a member to one organization, in one mode."""

    id: UUID
    member_id: UUID
    org_id: UUID
    livemode: bool
    kind: LoginKind
    created_at: datetime
    expires_at: datetime
    user_agent: str | None = None
    ended_at: datetime | None = None

    def works(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.expires_at


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is shown to whoever signed in and is kept nowhere."""

    token: str
    expires_at: datetime
    member: Member
    organization: Organization
    login: Login


class MemberDraft(msgspec.Struct, frozen=True, kw_only=True):
    """UNSET is not named. Without a `password` of a new member, they are invited."""

    email: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    password: str | None = None


def scopes_of(role: Role) -> tuple[Scope, ...]:
    return _SCOPES_OF[role]


def address_of(email: str) -> str | None:
    """The address as it is kept and compared, or None where it is none."""
    address = email.strip().lower()
    fits = len(address) <= EMAIL_CHARS_MAX and address.isascii() and address.isprintable()
    return address if fits and ".." not in address and _EMAIL.fullmatch(address) else None


def checked_address(email: str) -> str:
    """Raises: Invalid."""
    address = address_of(email)
    if address is None:
        raise Invalid("email", "must be an e-mail address such as name@example.com")
    return address


def check_person_name(name: str) -> None:
    texts.check_name("name", name, chars_max=NAME_CHARS_MAX)


def check_password(field: str, password: str, *, email: str) -> None:
    """Raises: Invalid: what is wrong with it, never the password."""
    if flaw := password_flaw(password, email=email):
        raise Invalid(field, _PASSWORD_RULES[flaw])


def password_flaw(password: str, *, email: str) -> PasswordFlaw | None:
    """None: long enough and not the address itself; no rules of composition (NIST SP 800-63B section 3.1.1.2)."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        return "length"
    if len(set(password)) < _DIFFERENT_CHARACTERS_MIN:
        return "alike"
    return "address" if password.lower() in {email, email.partition("@")[0]} else None


def typed_alike(password: str) -> bytes:
    """The same bytes on every keyboard: accents may be typed as one character or as two (NFKC)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def invitation_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
