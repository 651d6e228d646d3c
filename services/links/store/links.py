from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from services.links.domain.faults import SlugTaken
from services.links.domain.history import LinkChange
from services.links.domain.link import Branding, Collect, Link, Recipient, Reminders, Uses
from services.links.domain.pricing import Pricing
from services.links.domain.revenue import Aside, Earned, Refunded, Stats
from shared.runtime.postgres import Postgres, Reader, Record, Transaction, constraint_of
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_json: Final = msgspec.json.Encoder(decimal_format="number")
_PRICING: Final = msgspec.json.Decoder(Pricing)
_COLLECT: Final = msgspec.json.Decoder(Collect)
_BRANDING: Final = msgspec.json.Decoder(Branding)
_METADATA: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_RECIPIENT: Final = msgspec.json.Decoder(Recipient)
_REMINDERS: Final = msgspec.json.Decoder(Reminders)
_EARNED: Final = msgspec.json.Decoder(tuple[Earned, ...])
_ASIDE: Final = msgspec.json.Decoder(tuple[Aside, ...])
_REFUNDED: Final = msgspec.json.Decoder(tuple[Refunded, ...])
_SLUG: Final = "link_slug"


class SlugWish(NamedTuple):
    """Who would have it: what was a link's stays free for links of its organization."""

    slug: str
    org_id: UUID
    livemode: bool


async def find(pg: Postgres, link_id: UUID, *, org_id: UUID, livemode: bool) -> Link | None:
    row = await pg.fetchrow(_sql["find_link"], link_id, org_id, livemode)
    return link_of(row) if row else None


async def find_by_id(pg: Postgres, link_id: UUID) -> Link | None:
    """Whosever it is."""
    row = await pg.fetchrow(_sql["find_link_by_id"], link_id)
    return link_of(row) if row else None


async def find_by_slug(pg: Postgres, slug: str) -> Link | None:
    row = await pg.fetchrow(_sql["find_link_by_slug"], slug)
    return link_of(row) if row else None


async def find_by_address(pg: Postgres, slug: str) -> Link | None:
    """The link that this slug leads to: whose it is, or else whose it was last."""
    row = await pg.fetchrow(_sql["find_link_by_address"], slug)
    return link_of(row) if row else None


async def taken(pg: Reader, wishes: Sequence[SlugWish]) -> set[SlugWish]:
    """Which of these cannot be had: some link has the slug, or it is kept for another organization."""
    columns = ([wish.slug for wish in wishes], [wish.org_id for wish in wishes], [wish.livemode for wish in wishes])
    rows = await pg.fetch(_sql["taken_slugs"], *columns)
    return {SlugWish(row["slug"], row["org_id"], row["livemode"]) for row in rows}


def wish_of(link: Link) -> SlugWish:
    return SlugWish(link.slug, link.org_id, link.livemode)


async def lock(tx: Transaction, link_id: UUID, *, org_id: UUID, livemode: bool) -> Link | None:
    row = await tx.fetchrow(_sql["lock_link"], link_id, org_id, livemode)
    return link_of(row) if row else None


async def update(tx: Transaction, link: Link, *, change: LinkChange, by: str, now: datetime) -> None:
    """Writes the link as it is now, and keeps what it was; it was locked before.

    Raises:
        SlugTaken: it is, or was, the slug of another organization's link, or is that of another link of this one.
    """
    values = (_document(link), link.uses.max, link.uses.exhausted_at, change, by, now, link.id)
    try:
        await tx.execute(_sql["update_link"], *values)
    except asyncpg.UniqueViolationError as error:
        raise _translated(error, link) from None


async def find_with_stats(pg: Postgres, link_id: UUID, *, org_id: UUID, livemode: bool) -> tuple[Link, Stats] | None:
    row = await pg.fetchrow(_sql["find_link_with_stats"], link_id, org_id, livemode)
    if row is None:
        return None
    link = link_of(row)
    return link, Stats(
        link.uses, _EARNED.decode(row["earned"]), _ASIDE.decode(row["aside"]), _REFUNDED.decode(row["refunded"])
    )


def link_of(row: Record | Mapping[str, Any]) -> Link:
    return Link(
        id=row["id"],
        org_id=row["org_id"],
        livemode=row["livemode"],
        slug=row["slug"],
        title=row["title"],
        description=row["description"],
        private_note=row["private_note"],
        pricing=_PRICING.decode(row["pricing"]),
        methods=tuple(row["methods"]),
        providers=tuple(row["providers"]),
        collect=_COLLECT.decode(row["collect"]),
        success_url=row["success_url"],
        cancel_url=row["cancel_url"],
        branding=_BRANDING.decode(row["branding"]),
        metadata=_METADATA.decode(row["metadata"]),
        internal_name=row["internal_name"],
        coupons_allowed=row["coupons_allowed"],
        recipient=_RECIPIENT.decode(row["recipient"]) if row["recipient"] is not None else None,
        gate_otp=row["gate_otp"],
        verified_at=row["verified_at"],
        scheduled_at=row["scheduled_at"],
        reminders=_REMINDERS.decode(row["reminders"]) if row.get("reminders") is not None else None,
        reference=row["reference"],
        created_by=row["created_by"],
        starts_at=row["starts_at"],
        expires_at=row["expires_at"],
        paused_at=row["paused_at"],
        ended_at=row["ended_at"],
        ended_as=row["ended_as"],
        late_payment_policy=row["late_payment_policy"],
        uses=uses_of(row),
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def uses_of(row: Record | Mapping[str, Any]) -> Uses:
    return Uses(row["uses_max"], row["used"], row["held"], row["uses_version"], row["exhausted_at"])


def _document(link: Link) -> str:
    """The link by the names of its columns; the database leaves out what is none."""
    return _json.encode(link).decode()


def _translated(error: asyncpg.UniqueViolationError, link: Link) -> Exception:
    return SlugTaken(link.slug) if constraint_of(error) == _SLUG else error
