from typing import Final
from uuid import UUID

from services.links.domain.organization import Organization
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def insert(tx: Transaction, organization: Organization) -> bool:
    """False: there is one with this slug."""
    made = await tx.fetchval(
        _sql["insert_organization"],
        organization.id,
        organization.name,
        organization.slug,
        organization.default_currency,
        organization.currencies,
        organization.support_email,
        organization.locale,
        organization.timezone,
        organization.logo_url,
        organization.color,
        organization.late_payment_policy,
        organization.revision,
        organization.created_at,
    )
    return made is not None


async def find(pg: Postgres, org_id: UUID) -> Organization | None:
    row = await pg.fetchrow(_sql["find_organization"], org_id)
    return organization_of(row) if row else None


async def find_by_slug(pg: Postgres, slug: str) -> Organization | None:
    row = await pg.fetchrow(_sql["find_organization_by_slug"], slug)
    return organization_of(row) if row else None


async def lock(tx: Transaction, org_id: UUID) -> Organization | None:
    row = await tx.fetchrow(_sql["lock_organization"], org_id)
    return organization_of(row) if row else None


async def update(tx: Transaction, organization: Organization) -> None:
    await tx.execute(
        _sql["update_organization"],
        organization.id,
        organization.name,
        organization.default_currency,
        organization.currencies,
        organization.support_email,
        organization.locale,
        organization.timezone,
        organization.logo_url,
        organization.color,
        organization.late_payment_policy,
        organization.revision,
        organization.updated_at,
    )


def organization_of(row: Record) -> Organization:
    return Organization(
        id=row["id"],
        name=row["name"],
        slug=row["slug"],
        default_currency=row["default_currency"],
        currencies=tuple(row["currencies"]),
        support_email=row["support_email"],
        locale=row["locale"],
        timezone=row["timezone"],
        logo_url=row["logo_url"],
        color=row["color"],
        late_payment_policy=row["late_payment_policy"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
