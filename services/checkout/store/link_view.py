"""The projection of links."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain import branding
from shared.contracts.links import LinkView, MerchantView, UsesView
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_merchant: Final = msgspec.json.Decoder(MerchantView).decode
_decode: Final = msgspec.json.Decoder(LinkView).decode
_encode: Final = msgspec.json.Encoder().encode


class Counters(Struct, frozen=True):
    """The counters of a link, right after something changed them."""

    link_id: UUID
    uses: UsesView
    exhausted_at: datetime | None


async def put_links(tx: Transaction, links: Sequence[LinkView], now: datetime) -> None:
    """At most one of each link."""
    await tx.execute(
        _sql["put_links"],
        [link.id for link in links],
        [link.org_id for link in links],
        [link.slug for link in links],
        [link.revision for link in links],
        [_encode(link).decode() for link in links],
        now,
    )


async def put_uses(tx: Transaction, counters: Sequence[Counters]) -> None:
    """At most one of each link."""
    await tx.execute(
        _sql["put_uses"],
        [one.link_id for one in counters],
        [one.uses.used for one in counters],
        [one.uses.held for one in counters],
        [one.uses.version for one in counters],
        [one.exhausted_at for one in counters],
    )


async def find_link(postgres: Postgres, slug: str) -> LinkView | None:
    """The link with the newest counters and merchant that are known."""
    row = await postgres.fetchrow(_sql["find_link"], slug)
    return _link(row) if row else None


async def find_link_by_id(postgres: Postgres, link_id: UUID) -> LinkView | None:
    row = await postgres.fetchrow(_sql["find_link_by_id"], link_id)
    return _link(row) if row else None


def _link(row: Record) -> LinkView:
    link = _decode(row["view"])
    if row["merchant"] is not None:
        link = branding.as_of(link, _merchant(row["merchant"]), row["merchant_revision"])
    if row["version"] is None or row["version"] <= link.uses.version:
        return link  # of the same version, the link was told later: its cap may have been raised since
    return msgspec.structs.replace(
        link,
        uses=UsesView(used=row["used"], held=row["held"], version=row["version"]),
        exhausted_at=link.exhausted_at or row["exhausted_at"],
    )
