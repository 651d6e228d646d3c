"""`core` and the domain: the only place that knows its quirks."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import UNSET

from services.links.dialects.core import wire
from services.links.dialects.surface import numbers
from services.links.dialects.surface.moments import iso_in, iso_millis
from services.links.dialects.surface.paging import boolean
from services.links.domain.browsing import LinkFilter, PricingKind
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Link
from services.links.domain.organization import Organization
from services.links.domain.pricing import (
    Fixed,
    Flexible,
    OfPlan,
    OfProduct,
    Open,
    PlanWanted,
    PricingWanted,
    ProductWanted,
    currency_of,
)
from shared.kernel.faults import Invalid
from shared.kernel.money import Money, exponent

KINDS: Final[Mapping[str, tuple[PricingKind, ...]]] = {
    "product": ("product",),
    "plan": ("plan",),
    "instant": ("fixed", "flexible", "open", "cart"),
}
"""What no other type says reads as an instant link: the amounts that a buyer chooses, and carts."""


def draft_of(body: wire.CreateLink) -> LinkDraft:
    """Raises: Invalid: what the type needs is missing, or a time cannot be read."""
    return LinkDraft(
        title=body.title,
        pricing=_pricing(body),
        description=body.public_description,
        private_note=body.private_description,
        providers=providers_in(body.allowed_providers) if body.allowed_providers else UNSET,
        coupons_allowed=body.allow_coupon_code or False,
        paused=body.is_active is False,
        expires_at=iso_in("expires_at", body.expires_at),
        success_url=body.success_url,
        cancel_url=body.cancel_url,
        metadata=body.metadata or {},
    )


def patch_of(body: wire.PatchLink, _: Link) -> LinkDraft:
    return LinkDraft(
        expires_at=iso_in("expires_at", body.expires_at),
        success_url=body.success_url,
        cancel_url=body.cancel_url,
        providers=UNSET if body.allowed_providers is UNSET else providers_in(body.allowed_providers or []),
        coupons_allowed=body.allow_coupon_code,
        metadata={} if body.metadata is None else body.metadata,
    )


def link_out(link: Link, organization: Organization, *, public_url: str, now: datetime) -> wire.Link:
    pricing = link.pricing
    product = pricing if isinstance(pricing, OfProduct) else None
    plan = pricing if isinstance(pricing, OfPlan) else None
    chosen = isinstance(pricing, Flexible | Open)
    kind = type_of(link)
    total = None if isinstance(pricing, Flexible | Open) else numbers.minor_fixed(pricing.total)
    return wire.Link(
        link_id=link.id,
        merchant_id=organization.merchant_id,
        organization_id=link.org_id,
        link_type=kind,
        url=f"{public_url}/core/{kind}/{link.id}",
        product_id=product.product_id if product else None,
        product_name=product.name if product else None,
        product_price=total if product else None,
        plan_id=plan.plan_id if plan else None,
        plan_name=plan.name if plan else None,
        plan_amount=total if plan else None,
        title=link.title,
        public_description=link.description,
        private_description=link.private_note,
        price=None if chosen or product or plan else total,
        currency_code=currency_of(pricing),
        allowed_providers=[code.upper() for code in link.providers or organization.default_providers] or None,
        allow_coupon_code=link.coupons_allowed,
        is_active=link.state(now) in {"active", "scheduled"},
        expires_at=iso_millis(link.expires_at) if link.expires_at else None,
        success_url=link.success_url,
        cancel_url=link.cancel_url,
        metadata=link.metadata or None,
        created_at=iso_millis(link.created_at),
        updated_at=iso_millis(link.updated_at),
    )


def type_of(link: Link) -> wire.LinkType:
    match link.pricing:
        case OfProduct():
            return "product"
        case OfPlan():
            return "plan"
        case _:
            return "instant"


def filter_of(query: Mapping[str, str]) -> LinkFilter:
    """Raises: Invalid: a filter that has no such value."""
    kind, currency = query.get("link_type"), query.get("currency_code")
    if kind is not None and kind not in KINDS:
        raise Invalid("link_type", "must be product, plan or instant")
    if currency is not None:
        exponent(currency)
    return LinkFilter(
        kinds=KINDS[kind] if kind else None,
        currency=currency,
        active=boolean(query, "is_active"),
        include_expired=boolean(query, "include_expired") or False,
        hidden=("deleted",),
    )


def providers_in(codes: list[str]) -> tuple[str, ...]:
    """`WAVE` is `wave` here; a code that stands twice is meant once."""
    return tuple(dict.fromkeys(code.lower() for code in codes))


def _pricing(body: wire.CreateLink) -> PricingWanted:
    match body.link_type:
        case "instant":
            return Fixed(_price(body.price, body.currency_code))
        case "product":
            if body.product_id is None:
                raise Invalid("product_id", "is required for a product link")
            exponent(body.currency_code)
            return ProductWanted(body.product_id, currency=body.currency_code)
        case "plan":
            if body.plan_id is None:
                raise Invalid("plan_id", "is required for a plan link")
            exponent(body.currency_code)
            return PlanWanted(body.plan_id, currency=body.currency_code)


def _price(price: Decimal | None, currency: str) -> Money:
    if price is None:
        raise Invalid("price", "is required for an instant link")
    return numbers.from_minor("price", price, currency)
