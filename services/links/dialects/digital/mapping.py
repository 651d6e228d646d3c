"""`digital` and the domain: the only place that knows its quirks."""

from datetime import datetime
from decimal import Decimal
from typing import Final, get_args
from uuid import UUID

from msgspec import UNSET, UnsetType

from services.links.dialects.digital import wire
from services.links.dialects.surface import numbers
from services.links.dialects.surface.moments import iso_in, iso_seconds
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Link
from services.links.domain.pricing import OfProduct, ProductWanted, currency_of
from services.links.domain.product import Product
from services.links.domain.revenue import Stats
from services.links.domain.typeid import as_typeid, uuid_of_typeid
from shared.contracts.links import Method
from shared.kernel.faults import Invalid
from shared.kernel.money import Money

METHODS: Final[tuple[Method, ...]] = ("mobile_money", "card")
"""All that the document knows, and what is meant when none is named."""
PREFIX: Final = "lnk"


def link_id_in(text: str) -> UUID | None:
    """The UUID of `lnk_…`; None when it cannot be one of ours."""
    return uuid_of_typeid(PREFIX, text)


def draft_of(body: wire.CreateLink, product: Product) -> LinkDraft:
    return LinkDraft(
        title=body.title,
        slug=body.slug,
        pricing=_priced(product, body.price),
        methods=methods_in(body.payment_methods),
        uses_max=body.max_uses or None,
        expires_at=iso_in("expires_at", body.expires_at),
        paused=body.is_active is False,
    )


def patch_of(body: wire.PutLink, _: Link, product: Product | None) -> LinkDraft:
    """`product` is the one that is named by the body, else the link's own; None where the link has none.

    Raises:
        Invalid: a price for no product, or a value out of bounds.
    """
    named = body.product_id is not UNSET or body.price is not UNSET
    if named and product is None:
        raise Invalid("price", "cannot be set: this link sells no product")
    return LinkDraft(
        title=body.title,
        slug=body.slug,
        pricing=_priced(product, body.price if isinstance(body.price, Decimal) else None)
        if named and product
        else UNSET,
        methods=UNSET if body.payment_methods is UNSET else methods_in(body.payment_methods),
        uses_max=uses_max_in(body.max_uses),
        expires_at=iso_in("expires_at", body.expires_at),
        paused=UNSET if body.is_active is UNSET else not body.is_active,
    )


def link_out(link: Link, product: Product | None, *, now: datetime) -> wire.Link:
    """`product` is what the link sells, as it is now; None where it sells none."""
    pricing = link.pricing
    own = product.price if product else None
    asked = pricing.total if isinstance(pricing, OfProduct) else None
    return wire.Link(
        id=as_typeid(PREFIX, link.id),
        product_id=product_id_of(pricing) if isinstance(pricing, OfProduct) else None,
        slug=link.slug,
        title=link.title,
        payment_methods=",".join(link.methods),
        is_active=link.state(now) in {"active", "scheduled"},
        max_uses=link.uses.max or 0,
        use_count=link.uses.used,
        expires_at=iso_seconds(link.expires_at) if link.expires_at else None,
        created_at=iso_seconds(link.created_at),
        price=numbers.major(asked) if asked and asked != own else UNSET,
    )


def product_id_of(pricing: OfProduct) -> str:
    return pricing.digital_id or as_typeid("prod", pricing.product_id)


def revenue_out(link: Link, stats: Stats) -> wire.Revenue:
    """Of uses that count, in the link's currency; where the buyer chose it, in the one that earned first."""
    currency = currency_of(link.pricing) or (stats.earned[0].revenue.currency if stats.earned else None)
    earned = next((one for one in stats.earned if one.revenue.currency == currency), None)
    money = earned.revenue if earned else Money(0, currency) if currency else None
    return wire.Revenue(
        total_revenue=numbers.major(money) if money else Decimal(0),
        paid_orders=earned.paid_count if earned else 0,
        currency=currency,
    )


def uses_max_in(max_uses: int | UnsetType | None) -> int | UnsetType | None:
    """`digital` writes "no limit" as 0; we write it as None."""
    return max_uses if max_uses is UNSET else max_uses or None


def methods_in(text: str | None) -> tuple[Method, ...]:
    """`mobile_money,card` as methods; nothing is all.

    Raises:
        Invalid: a method that the document does not know.
    """
    if text is None or not text.strip():
        return METHODS
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    known = {method: method for method in get_args(Method)}
    if unknown := [name for name in names if name not in METHODS]:
        raise Invalid("payment_methods", f"must be mobile_money, card or both, not {unknown[0][:32]!r}")
    return tuple(known[name] for name in names)


def _priced(product: Product, price: Decimal | None) -> ProductWanted:
    asked = numbers.from_major("price", price, product.price.currency) if price is not None else None
    return ProductWanted(product.id, asked)
