"""Buyers and servers: the public preview, and what checkout is asked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from services.links.dialects.catalog import wire
from services.links.dialects.catalog.mapping.parts import CURRENCIES, CURRENCY, moment_out, priced, total_out
from services.links.dialects.surface import numbers
from services.links.domain import texts
from services.links.domain.addresses import check_url
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Link
from services.links.domain.organization import Organization
from services.links.domain.pricing import (
    Cart,
    CartItem,
    Flexible,
    Open,
    Pricing,
    currency_of,
)
from services.links.domain.product import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX
from services.links.domain.tax import line_total
from shared.contracts.checkout import AddressView, CustomerView, OpenCheckoutSession, SessionIsOpen
from shared.kernel.faults import Invalid
from shared.kernel.money import Money


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


def preview_out(link: Link, organization: Organization, *, public_url: str) -> wire.Preview:
    """Nothing of the merchant's own: no name, no metadata, no counts."""
    return wire.Preview(
        title=link.title,
        description=link.description,
        organization_name=organization.name,
        organization_logo_url=link.branding.logo_url or organization.logo_url,
        totals=[total_out(total, tax_minor) for total, tax_minor in _totals(link.pricing)],
        expires_at=moment_out(link.expires_at) if link.expires_at else None,
        url=f"{public_url}/checkout/{link.slug}",
        **priced(link),
    )


def opening_of(body: wire.CreateCheckout) -> OpenCheckoutSession:
    """For the link that is made of the same body, and sends the buyer on by itself."""
    return OpenCheckoutSession(customer=customer_of(body), address=address_of(body), locale=body.locale)


def ask_of(
    body: wire.Start, link: Link, organization: Organization, *, idempotency_key: str | None
) -> OpenCheckoutSession:
    """What checkout is asked for this buyer; they pay one of the totals that the preview shows.

    Raises:
        Invalid: an amount that its currency cannot pay, or a currency that the link is not sold in.
        TotalOutOfBounds: less or more than the organization takes in that currency.
    """
    totals = {total.currency: total for total, _ in _totals(link.pricing)}
    if body.currency is not None and totals:
        if body.currency not in totals:
            raise Invalid("currency", f"must be {' or '.join(sorted(totals))}")
        organization.check_total(totals[body.currency])
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


def _totals(pricing: Pricing) -> list[tuple[Money, int]]:
    """What a buyer may pay, with the tax in it: in the link's currency, and in those that the document knows."""
    match pricing:
        case Flexible() | Open():
            return []
        case Cart(also=also):
            others = (cart for cart in also if cart.total.currency in CURRENCIES)
            return [(cart.total, cart.tax_minor) for cart in (pricing, *others)]
        case _:
            return [(pricing.total, 0)]


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
