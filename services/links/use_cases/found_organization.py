"""What an operator does, who holds the database and no key: make an organization, and a first key for it."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.links.domain.keys import SCOPES
from services.links.domain.organization import Organization, OrganizationDraft, check
from services.links.store import keys, organizations
from services.links.use_cases.manage_keys import drawn
from services.links.use_cases.manage_organization import create_organization
from shared.kernel.faults import NotFound
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres


class Founded(msgspec.Struct, frozen=True):
    """The bearers are shown now and never again."""

    organization: Organization
    test_bearer: str
    live_bearer: str


async def found_organization(pg: Postgres, draft: OrganizationDraft, *, key_name: str, now: datetime) -> Founded:
    """An organization with one test key and one live key, both with every scope.

    Raises:
        Invalid, UnknownCurrency: something in the draft, which names at least `name` and `currencies`.
    """
    check(draft, test_mode=False)
    assert isinstance(draft.name, str)
    assert isinstance(draft.currencies, tuple)
    organization = Organization(
        id=new_id(),
        name=draft.name,
        default_currency=draft.currencies[0],
        currencies=draft.currencies,
        support_email=draft.support_email if isinstance(draft.support_email, str) else None,
        timezone=draft.timezone if isinstance(draft.timezone, str) else "UTC",
        locale=draft.locale if isinstance(draft.locale, str) else "en",
        created_at=now,
        updated_at=now,
    )
    async with pg.transaction() as tx:
        await create_organization(tx, organization, now=now)
        bearers: list[str] = []
        for livemode in (False, True):
            key, bearer = drawn(organization, name=key_name, scopes=SCOPES, livemode=livemode, now=now)
            await keys.insert(tx, key)
            bearers.append(bearer)
    return Founded(organization, *bearers)


async def issue_key(pg: Postgres, org_id: UUID, *, name: str, livemode: bool, now: datetime) -> str:
    """The bearer of a new key with every scope, for an organization that has lost its own.

    Raises:
        NotFound: no such organization.
    """
    async with pg.transaction() as tx:
        organization = await organizations.lock(tx, org_id)
        if organization is None:
            raise NotFound("organization")
        key, bearer = drawn(organization, name=name, scopes=SCOPES, livemode=livemode, now=now)
        await keys.insert(tx, key)
    return bearer
