"""Members: links, their statistics and payments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET

from services.links.dialects.catalog import wire
from services.links.dialects.catalog.mapping.parts import CURRENCY, MODES, moment_out, priced
from services.links.dialects.surface import numbers
from services.links.dialects.surface.moments import iso_in
from services.links.dialects.surface.paging import Paging
from services.links.domain.browsing import ChargeCounts
from services.links.domain.charge import Charge, ChargeStatus
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Link, State
from services.links.domain.pricing import (
    CartWanted,
    LineWanted,
    currency_of,
)
from services.links.domain.revenue import Earned
from shared.contracts.checkout import CustomerView
from shared.kernel.money import Money

_STATUS: Final[dict[State, wire.Status]] = {"active": "active", "expired": "expired", "exhausted": "exhausted"}
_PAYMENT: Final[dict[ChargeStatus, wire.PaymentStatus]] = {
    "created": "pending",
    "pending": "pending",
    "succeeded": "paid",
    "failed": "failed",
    "expired": "failed",
}


def draft_of(body: wire.CreateLink, product_ids: Sequence[UUID]) -> LinkDraft:
    """`product_ids` are the products of the body's lines, in their order. Buyers see what is sold, never `name`."""
    lines = (LineWanted(found, line.quantity) for found, line in zip(product_ids, body.products, strict=True))
    return LinkDraft(
        internal_name=body.name,
        pricing=CartWanted(
            lines=tuple(lines),
            currency=body.currency or CURRENCY,
            tax_mode=MODES[body.pricing_mode] if body.pricing_mode else None,
        ),
        expires_at=iso_in("expires_at", body.expires_at),
        uses_max=body.max_uses,
        metadata=body.metadata or {},
    )


def patch_of(body: wire.PatchLink, _: Link) -> LinkDraft:
    return LinkDraft(
        internal_name=body.name,
        paused=UNSET if body.is_active is UNSET else not body.is_active,
        expires_at=iso_in("expires_at", body.expires_at),
        uses_max=body.max_uses,
        metadata={} if body.metadata is None else body.metadata,
    )


def link_out(link: Link, earned: Sequence[Earned], *, public_url: str, now: datetime) -> wire.Link:
    revenue = _revenue(link, earned)
    return wire.Link(
        name=link.internal_name or link.title,
        url=f"{public_url}/checkout/{link.slug}",
        is_active=link.paused_at is None and link.ended_at is None,
        status=_STATUS.get(link.state(now), "inactive"),
        expires_at=moment_out(link.expires_at) if link.expires_at else None,
        max_uses=link.uses.max,
        use_count=link.uses.used,
        metadata=link.metadata,
        paid_count=sum(one.paid_count for one in earned),
        revenue=numbers.major_text(revenue) if revenue else "0.00",
        revenue_by_currency={one.revenue.currency: numbers.major_text(one.revenue) for one in earned},
        created_at=moment_out(link.created_at),
        updated_at=moment_out(link.updated_at),
        **priced(link),
    )


def stats_out(link: Link, earned: Sequence[Earned], counts: ChargeCounts) -> wire.Stats:
    revenue = _revenue(link, earned)
    last_paid_at = max((one.last_paid_at for one in earned), default=None)
    return wire.Stats(
        paid_count=sum(one.paid_count for one in earned),
        revenue=numbers.major_text(revenue) if revenue else "0.00",
        currency=revenue.currency if revenue else None,
        revenue_by_currency={one.revenue.currency: numbers.major_text(one.revenue) for one in earned},
        last_paid_at=moment_out(last_paid_at) if last_paid_at else None,
        remaining_uses=link.uses.remaining,
        payments_total=counts.total,
        payments_paid=counts.succeeded,
        payments_pending=counts.pending,
        payments_failed=counts.failed,
    )


def payment_out(charge: Charge) -> wire.Payment:
    customer = charge.customer or CustomerView()
    return wire.Payment(
        id=charge.id,
        status=_PAYMENT[charge.status],
        amount=numbers.major_text(charge.total),
        currency=charge.total.currency,
        payment_method=charge.method,
        email=customer.email,
        name=customer.name,
        phone=customer.phone,
        receipt_number=charge.receipt_number,
        failure_reason=charge.failure_reason,
        created_at=moment_out(charge.created_at),
        updated_at=moment_out(charge.updated_at),
    )


def beside(url: str, asked: Paging, *, total: int) -> tuple[str | None, str | None]:
    """The addresses of the next page and of the one before."""
    after, before = asked.page + 1, asked.page - 1
    pages = -(-total // asked.size)
    return (
        f"{url}?page={after}&page_size={asked.size}" if after <= pages else None,
        f"{url}?page={min(before, max(pages, 1))}&page_size={asked.size}" if before else None,
    )


def _revenue(link: Link, earned: Sequence[Earned]) -> Money | None:
    """In the link's currency; where the buyers chose it, in the one that earned first."""
    currency = currency_of(link.pricing) or (earned[0].revenue.currency if earned else None)
    if currency is None:
        return None
    return next((one.revenue for one in earned if one.revenue.currency == currency), Money(0, currency))
