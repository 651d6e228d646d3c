"""The owner of the demo organization, signed in for scripts."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.member import LoginKind
from services.links.store import members
from services.links.use_cases.enrol_member import enrol_member, reset_password
from services.links.use_cases.passwords import Passwords
from services.links.use_cases.session_tokens import SessionTokens
from services.links.use_cases.sign_in import open_session
from shared.kernel.faults import Conflict
from shared.runtime.postgres import Postgres

EMAIL: Final = "owner@kampala-coffee.test"
NAME: Final = "Amina Okello"
LASTS: Final = timedelta(days=30)
"""Longer than a person's: a stack runs for days, and what local.json says stays true."""


class DemoOwner(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens are good until the next call."""

    email: str
    password: str
    cookie: str
    token: str


async def seed_owner(pg: Postgres, tokens: SessionTokens, *, org_id: UUID, password: str, now: datetime) -> DemoOwner:
    """Makes the owner, once, and signs them in to test mode anew. Their password is this one again."""
    passwords = Passwords()
    with suppress(Conflict):  # made by an earlier start
        await enrol_member(pg, passwords, org_id=org_id, email=EMAIL, name=NAME, role="owner", now=now)
    await reset_password(pg, passwords, email=EMAIL, password=password, now=now)
    return DemoOwner(
        email=EMAIL,
        password=password,
        cookie=await _signed_in(pg, tokens, org_id, kind="cookie", now=now),
        token=await _signed_in(pg, tokens, org_id, kind="token", now=now),
    )


async def _signed_in(pg: Postgres, tokens: SessionTokens, org_id: UUID, *, kind: LoginKind, now: datetime) -> str:
    person = await members.find_person(pg, EMAIL)
    assert person is not None
    assert person.password_hash is not None
    member = await members.find_joined(pg, person.id, org_id)
    assert member is not None
    opened = await open_session(
        pg,
        tokens,
        member,
        password_hash=person.password_hash,
        kind=kind,
        livemode=False,
        lasts=LASTS,
        user_agent="make up",
        now=now,
    )
    return opened.token
