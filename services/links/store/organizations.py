from typing import Any, Final
from uuid import UUID

import msgspec

from services.links.domain.organization import Bounds, Organization
from shared.contracts.links import RemindersView
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_REMINDERS: Final = msgspec.json.Decoder(RemindersView)
_BOUNDS: Final = msgspec.json.Decoder(dict[str, Bounds])


async def insert(tx: Transaction, organization: Organization) -> bool:
    """False: there is one with this slug."""
    made = await tx.fetchval(
        _sql["insert_organization"], *_written(organization), organization.merchant_id, organization.created_at
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
    await tx.execute(_sql["update_organization"], *_written(organization), organization.updated_at)


def _written(organization: Organization) -> tuple[Any, ...]:
    """What is written, new or changed, in the order of both statements."""
    return (
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
        msgspec.json.encode(organization.payment_bounds).decode(),
        organization.tax_mode,
        organization.default_methods,
        organization.default_providers,
        organization.link_lifetime_seconds,
        organization.redirect_origins,
        organization.checkout_url,
        msgspec.json.encode(organization.reminders).decode(),
        organization.revision,
    )


def organization_of(row: Record) -> Organization:
    return Organization(
        id=row["id"],
        merchant_id=row["merchant_id"],
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
        payment_bounds=_BOUNDS.decode(row["payment_bounds"]),
        tax_mode=row["tax_mode"],
        default_methods=tuple(row["default_methods"]),
        default_providers=tuple(row["default_providers"]),
        link_lifetime_seconds=row["link_lifetime_seconds"],
        redirect_origins=tuple(row["redirect_origins"]),
        checkout_url=row["checkout_url"],
        reminders=_REMINDERS.decode(row["reminders"]),
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
