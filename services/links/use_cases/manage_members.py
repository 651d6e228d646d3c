"""Who belongs to an organization: added, invited, changed and removed by those who may."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from services.links.domain import member as rules
from services.links.domain.faults import EmailTaken, LastOwner
from services.links.domain.keys import Actor
from services.links.domain.member import Member, MemberDraft, Person, Role
from services.links.store import logins, members, organizations
from services.links.use_cases.passwords import Passwords
from shared.kernel.answer import Answer, Once, Seal
from shared.kernel.faults import Forbidden, Invalid, NotFound
from shared.kernel.ids import new_id
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Transaction

_INVITATION_BYTES: Final = 32

Render = Callable[[Member, str | None], Answer]
"""The member, and the invitation's token, which is shown now and never again."""


async def create_member(
    pg: Postgres,
    actor: Actor,
    *,
    draft: MemberDraft,
    passwords: Passwords,
    key: Once | None,
    seal: Seal,
    render: Render,
    now: datetime,
    test_mode: bool,
) -> Answer:
    """Somebody new with a first password; or, without one, an invitation for anybody.

    Raises:
        Invalid, IdempotencyMismatch, RateLimited.
        Forbidden: the role has a scope that the actor lacks, or is one that only an owner gives.
        EmailTaken: they belong here already; or a password was sent for somebody who has their own.
    """
    name, role = _named(draft)
    email = rules.checked_address(draft.email or "")
    if draft.password is not None:
        rules.check_password("password", draft.password, email=email)
    _check_may_write(actor, role, test_mode=test_mode)
    password_hash = await passwords.hashed(draft.password) if draft.password is not None else None

    async def act(tx: Transaction) -> Answer:
        await _room(tx, actor, gives_owner=role == "owner")
        person, shown = Person(id=new_id(), email=email, name=name, password_hash=password_hash), name
        if not await members.insert_person(tx, person, now):
            known = await members.find_person(tx, email)
            # Whoever sets somebody's password can be them: never for a person who is there already.
            if known is None or password_hash is not None:
                raise EmailTaken(email=email)
            # What they are called elsewhere is told once they have joined.
            person, shown = known, email
        member = Member(id=person.id, org_id=actor.org_id, email=email, name=shown, role=role, created_at=now)
        return render(*await _joined_or_invited(tx, member, invites=password_hash is None, now=now))

    return await once(pg, key, act, now=now, seal=seal)


async def change_member(
    pg: Postgres, actor: Actor, member_id: UUID, *, draft: MemberDraft, now: datetime, test_mode: bool
) -> Member:
    """Changes name and role, whichever is named.

    Raises:
        NotFound, Invalid.
        Forbidden: the role has a scope that the actor lacks; an owner is made or unmade by somebody who is none; or a
            name that other organizations see, too.
        LastOwner: nobody else is one.
    """
    if draft.name is not UNSET:
        rules.check_person_name(draft.name)
    async with pg.transaction() as tx:
        member = await _changeable(tx, actor, member_id, test_mode=test_mode)
        if draft.role is not UNSET and draft.role != member.role:
            _check_may_write(actor, draft.role, test_mode=test_mode)
            await _check_owners(tx, actor, member, role=draft.role)
            await members.set_role(tx, actor.org_id, member_id, role=draft.role)
            member = replace(member, role=draft.role)
        if draft.name is not UNSET and draft.name != member.name:
            if actor.by != member.by and await members.is_elsewhere(tx, actor.org_id, member_id):
                raise Forbidden("name")
            await members.set_name(tx, member_id, name=draft.name, now=now)
            member = replace(member, name=draft.name)
        return member


async def remove_member(pg: Postgres, actor: Actor, member_id: UUID, *, now: datetime, test_mode: bool) -> Member:
    """Ends a membership or withdraws an invitation, and every sign-in of theirs to this organization.

    Raises:
        NotFound, Forbidden.
        LastOwner: nobody else is one.
    """
    async with pg.transaction() as tx:
        member = await _changeable(tx, actor, member_id, test_mode=test_mode)
        await _check_owners(tx, actor, member, role=None)
        await logins.end_of(tx, member_id, org_id=actor.org_id, now=now)
        await members.delete_membership(tx, actor.org_id, member_id)
        await members.forget_person(tx, member_id)
        return member


async def get_member(pg: Postgres, actor: Actor, member_id: UUID) -> Member:
    """Raises: NotFound."""
    member = await members.find(pg, actor.org_id, member_id)
    if member is None:
        raise NotFound("member")
    return member


async def list_members(pg: Postgres, actor: Actor, *, before: UUID | None, limit: int) -> Sequence[Member]:
    """Newest first, those who are invited too."""
    return await members.page(pg, org_id=actor.org_id, before=before, limit=limit)


async def _joined_or_invited(
    tx: Transaction, member: Member, *, invites: bool, now: datetime
) -> tuple[Member, str | None]:
    token = rules.INVITATION_PREFIX + secrets.token_urlsafe(_INVITATION_BYTES) if invites else None
    if token is None:
        member = replace(member, joined_at=now)
    else:
        member = replace(member, invited_until=now + rules.INVITATION_LASTS)
    if not await members.insert_membership(tx, member, rules.invitation_digest(token) if token else None):
        raise EmailTaken(email=member.email)
    return member, token


def _named(draft: MemberDraft) -> tuple[str, Role]:
    if draft.name is UNSET or draft.role is UNSET:
        raise Invalid("role" if draft.role is UNSET else "name", "must be named")
    rules.check_person_name(draft.name)
    return draft.name, draft.role


def _check_may_write(actor: Actor, role: Role, *, test_mode: bool) -> None:
    """Nobody gives more than they have. Members sign in to live mode: where money is real, a test key makes none."""
    if beyond := next((scope for scope in rules.scopes_of(role) if scope not in actor.scopes), None):
        raise Forbidden(beyond)
    if not (actor.livemode or test_mode or actor.by.startswith("member:")):
        raise Forbidden("livemode")


async def _changeable(tx: Transaction, actor: Actor, member_id: UUID, *, test_mode: bool) -> Member:
    await organizations.lock(tx, actor.org_id)  # owners are counted and unmade by one at a time
    member = await members.find(tx, actor.org_id, member_id)
    if member is None:
        raise NotFound("member")
    _check_may_write(actor, member.role, test_mode=test_mode)
    return member


async def _check_owners(tx: Transaction, actor: Actor, member: Member, *, role: Role | None) -> None:
    """`role` is the one to come; None: they leave."""
    if "owner" in {role, member.role}:
        await _check_is_owner(tx, actor)
    unmade = member.role == "owner" and member.joined_at is not None
    if unmade and not await members.count_other_owners(tx, actor.org_id, member.id):
        raise LastOwner


async def _room(tx: Transaction, actor: Actor, *, gives_owner: bool) -> None:
    await organizations.lock(tx, actor.org_id)
    if gives_owner:
        await _check_is_owner(tx, actor)


async def _check_is_owner(tx: Transaction, actor: Actor) -> None:
    """Admins may do all but make and unmake owners. A key is the organization itself."""
    if not actor.by.startswith("member:"):
        return
    asking = await members.find(tx, actor.org_id, UUID(actor.by.removeprefix("member:")))
    if asking is None or asking.role != "owner":
        raise Forbidden("owner")
