from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from services.links.domain.keys import Actor
from services.links.domain.naming import changes
from services.links.domain.organization import Organization, OrganizationDraft, check
from services.links.store import organizations
from services.links.use_cases.expected import ExpectsRevision, as_expected
from shared.contracts.links import OrganizationCreated, OrganizationUpdated
from shared.kernel.faults import Invalid, NotFound
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Transaction


def own_organization(actor: Actor, org_id: UUID) -> Organization:
    """The organization of the key; every other one does not exist for it."""
    if org_id != actor.org_id:
        raise NotFound("organization")
    return actor.organization


async def create_organization(tx: Transaction, organization: Organization, *, now: datetime) -> bool:
    """Whether it was made now; one with the same slug is left as it is."""
    made = await organizations.insert(tx, organization)
    if made:
        await outbox.add(tx, [OrganizationCreated(org_id=organization.id, name=organization.name)], now=now)
    return made


async def patch_organization(
    pg: Postgres,
    actor: Actor,
    org_id: UUID,
    *,
    draft: OrganizationDraft,
    expects: ExpectsRevision,
    now: datetime,
    test_mode: bool,
) -> Organization:
    """Changes what is named, and tells checkout how buyers see the organization now.

    Raises:
        NotFound, Invalid, UnknownCurrency, RevisionMismatch.
    """
    own_organization(actor, org_id)
    check(draft, test_mode=test_mode)
    async with pg.transaction() as tx:
        organization = as_expected(await organizations.lock(tx, org_id), "organization", expects)
        if named := changes(draft, organization):
            organization = replace(organization, **named, revision=organization.revision + 1, updated_at=now)
            if organization.default_currency not in organization.currencies:
                raise Invalid("default_currency", "must be one of currencies")
            await organizations.update(tx, organization)
            fact = OrganizationUpdated(
                org_id=org_id,
                name=organization.name,
                merchant=organization.merchant,
                revision=organization.revision,
                reminders=organization.reminders,
            )
            await outbox.add(tx, [fact], now=now)
        return organization
