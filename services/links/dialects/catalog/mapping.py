"""`catalog` and the domain: the only place that knows its quirks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import asdict

from services.links.dialects.catalog import wire
from services.links.dialects.surface import numbers
from services.links.dialects.surface.moments import iso_in
from services.links.dialects.surface.paging import Paging
from services.links.domain import texts
from services.links.domain.addresses import check_url
from services.links.domain.browsing import ChargeCounts
from services.links.domain.charge import Charge, ChargeStatus
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Link, State
from services.links.domain.organization import Organization
from services.links.domain.pricing import (
    Cart,
    CartItem,
    CartWanted,
    Flexible,
    LineWanted,
    OfPlan,
    OfProduct,
    Open,
    Pricing,
    TaxMode,
    currency_of,
)
from services.links.domain.product import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX
from services.links.domain.revenue import Earned
from services.links.domain.tax import line_total
from shared.contracts.checkout import AddressView, CustomerView, OpenCheckoutSession, SessionIsOpen
from shared.kernel.money import Money

CURRENCY: Final[wire.Currency] = "USD"
"""What is meant when `currency` is left out."""
_MODES: Final[dict[wire.PricingMode, TaxMode]] = {"TAX_INCLUSIVE": "inclusive", "TAX_EXCLUSIVE": "exclusive"}
_MODES_OUT: Final[dict[TaxMode, wire.PricingMode]] = {mode: name for name, mode in _MODES.items()}
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
            tax_mode=_MODES[body.pricing_mode] if body.pricing_mode else None,
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


def checkout_draft_of(body: wire.CreateCheckout, *, expires_at: datetime, test_mode: bool) -> LinkDraft:
    """A link that one buyer pays once: arbitrary lines, with their taxes in them.

    Raises:
        Invalid: an amount, text or address that cannot be accepted.
    """
    currency = body.currency or CURRENCY
    items = tuple(
        _item(f"line_items[{at}]", line, currency, test_mode=test_mode) for at, line in enumerate(body.line_items)
    )
    return LinkDraft(
        title=body.title or UNSET,
        pricing=Cart(items=items, total=_sum(items, currency), tax_mode="inclusive"),
        expires_at=expires_at,
        uses_max=1,
        success_url=body.success_url,
        cancel_url=body.cancel_url,
        reference=body.reference,
        metadata=body.metadata or {},
    )


def link_out(link: Link, earned: Sequence[Earned], *, public_url: str, now: datetime) -> wire.Link:
    revenue = _revenue(link, earned)
    return wire.Link(
        id=link.id,
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
        **_priced(link.pricing),
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


def preview_out(link: Link, organization: Organization, *, public_url: str) -> wire.Preview:
    """Nothing of the merchant's own: no name, no metadata, no counts."""
    pricing = link.pricing
    carts = (pricing, *pricing.also) if isinstance(pricing, Cart) else ()
    alone = () if isinstance(pricing, Cart | Flexible | Open) else (pricing.total,)
    return wire.Preview(
        id=link.id,
        title=link.title,
        description=link.description,
        organization_name=organization.name,
        organization_logo_url=link.branding.logo_url or organization.logo_url,
        totals=[_total(cart.total, cart.tax_minor) for cart in carts] + [_total(total, 0) for total in alone],
        expires_at=moment_out(link.expires_at) if link.expires_at else None,
        url=f"{public_url}/checkout/{link.slug}",
        **_priced(pricing),
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


def opening_of(body: wire.CreateCheckout) -> OpenCheckoutSession:
    """For the link that is made of the same body, and sends the buyer on by itself."""
    return OpenCheckoutSession(customer=customer_of(body), address=address_of(body), locale=body.locale)


def ask_of(body: wire.Start, link: Link, *, idempotency_key: str | None) -> OpenCheckoutSession:
    """Raises: Invalid: an amount that its currency cannot pay."""
    currency = body.currency or currency_of(link.pricing)
    amount = numbers.from_major("amount", body.amount, currency or CURRENCY) if body.amount is not None else None
    return OpenCheckoutSession(
        link_id=link.id,
        customer=customer_of(body),
        address=address_of(body),
        amount_minor=amount.minor if amount else None,
        currency=body.currency,
        coupon_code=body.coupon_code,
        success_url=body.success_url,
        cancel_url=body.cancel_url,
        locale=body.locale,
        idempotency_key=idempotency_key,
    )


def customer_of(body: wire.Start | wire.CreateCheckout) -> CustomerView:
    name = body.name or " ".join(filter(None, (body.first_name, body.last_name)))
    return CustomerView(email=body.email, name=name or None, phone=body.phone)


def address_of(body: wire.Start | wire.CreateCheckout) -> AddressView | None:
    """None unless it is whole: the parts of an address say little, and only the e-mail address is required."""
    if not (body.address_line1 and body.city and body.country):
        return None
    return AddressView(
        line1=body.address_line1,
        line2=body.address_line2,
        city=body.city,
        region=body.state,
        postal_code=body.postal_code,
        country=body.country,
    )


def session_out(link_id: UUID, opened: SessionIsOpen) -> wire.Session:
    return wire.Session(
        id=opened.session_id,
        payment_link=link_id,
        checkout_url=opened.url,
        token=opened.token,
        expires_at=moment_out(opened.expires_at),
    )


def beside(url: str, asked: Paging, *, total: int) -> tuple[str | None, str | None]:
    """The addresses of the next page and of the one before."""
    after, before = asked.page + 1, asked.page - 1
    pages = -(-total // asked.size)
    return (
        f"{url}?page={after}&page_size={asked.size}" if after <= pages else None,
        f"{url}?page={min(before, max(pages, 1))}&page_size={asked.size}" if before else None,
    )


def moment_out(moment: datetime) -> str:
    """`2026-04-03T10:00:00Z`, with a fraction where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _item(field: str, line: wire.LineItem, currency: str, *, test_mode: bool) -> CartItem:
    texts.check_name(f"{field}.name", line.name, chars_max=NAME_CHARS_MAX)
    texts.check_text(f"{field}.description", line.description, chars_max=DESCRIPTION_CHARS_MAX)
    if line.image_url is not None:
        check_url(f"{field}.image_url", line.image_url, test_mode=test_mode)
    return CartItem(
        name=line.name,
        unit=numbers.from_major(f"{field}.unit_price", line.unit_price, currency),
        quantity=line.quantity,
        description=line.description,
        image_url=line.image_url,
    )


def _sum(items: Sequence[CartItem], currency: str) -> Money:
    return Money(sum(line_total(item.unit, item.quantity).minor for item in items), currency)


def _priced(pricing: Pricing) -> dict[str, Any]:
    mode: wire.PricingMode | None = None
    tax_minor = 0
    if isinstance(pricing, Cart):
        mode, tax_minor = _MODES_OUT[pricing.tax_mode], pricing.tax_minor
    total = None if isinstance(pricing, Flexible | Open) else _total(pricing.total, tax_minor)
    return asdict(
        wire.Priced(
            products=[_product(item) for item in _lines(pricing)],
            currency=currency_of(pricing),
            pricing_mode=mode,
            subtotal=total.subtotal if total else None,
            tax_amount=total.tax_amount if total else None,
            total=total.total if total else None,
        )
    )


def _lines(pricing: Pricing) -> tuple[CartItem, ...]:
    """A link of one product or plan reads as a cart of it."""
    match pricing:
        case Cart(items=items):
            return items
        case OfProduct():
            return (
                CartItem(
                    product_id=pricing.product_id,
                    name=pricing.name,
                    unit=pricing.total,
                    quantity=1,
                    description=pricing.description,
                    image_url=pricing.image_url,
                ),
            )
        case OfPlan():
            return (CartItem(name=pricing.name, unit=pricing.total, quantity=1),)
        case _:
            return ()


def _product(item: CartItem) -> wire.Product:
    return wire.Product(
        product_id=item.product_id,
        name=item.name,
        description=item.description,
        image_url=item.image_url,
        quantity=item.quantity,
        unit_price=numbers.major_text(item.unit),
        amount=numbers.major_text(line_total(item.unit, item.quantity)),
        tax_name=item.tax_name,
        tax_amount=numbers.major_text(Money(item.tax_minor, item.unit.currency)),
    )


def _total(total: Money, tax_minor: int) -> wire.Total:
    currency = total.currency
    return wire.Total(
        currency=currency,
        subtotal=numbers.major_text(Money(total.minor - tax_minor, currency)),
        tax_amount=numbers.major_text(Money(tax_minor, currency)),
        total=numbers.major_text(total),
    )


def _revenue(link: Link, earned: Sequence[Earned]) -> Money | None:
    """In the link's currency; where the buyers chose it, in the one that earned first."""
    currency = currency_of(link.pricing) or (earned[0].revenue.currency if earned else None)
    if currency is None:
        return None
    return next((one.revenue for one in earned if one.revenue.currency == currency), Money(0, currency))
