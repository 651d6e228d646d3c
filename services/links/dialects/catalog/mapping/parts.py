"""What a link sells and costs, for members and buyers alike."""

from datetime import UTC, datetime
from typing import Any, Final, get_args

from msgspec.structs import asdict

from services.links.dialects.catalog import wire
from services.links.dialects.surface import numbers
from services.links.domain.link import Link
from services.links.domain.pricing import (
    Cart,
    CartItem,
    Flexible,
    OfPlan,
    OfProduct,
    Open,
    Pricing,
    TaxMode,
    currency_of,
)
from services.links.domain.tax import line_total
from shared.kernel.money import Money

CURRENCIES: Final = get_args(wire.Currency)
CURRENCY: Final[wire.Currency] = "USD"
"""What is meant when `currency` is left out."""
MODES: Final[dict[wire.PricingMode, TaxMode]] = {"TAX_INCLUSIVE": "inclusive", "TAX_EXCLUSIVE": "exclusive"}
MODES_OUT: Final[dict[TaxMode, wire.PricingMode]] = {mode: name for name, mode in MODES.items()}


def moment_out(moment: datetime) -> str:
    """`2026-04-03T10:00:00Z`, with a fraction where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def priced(link: Link) -> dict[str, Any]:
    """The fields that `wire.Priced` has."""
    pricing = link.pricing
    mode: wire.PricingMode | None = None
    tax_minor = 0
    if isinstance(pricing, Cart):
        mode, tax_minor = MODES_OUT[pricing.tax_mode], pricing.tax_minor
    total = None if isinstance(pricing, Flexible | Open) else total_out(pricing.total, tax_minor)
    return asdict(
        wire.Priced(
            id=link.id,
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


def total_out(total: Money, tax_minor: int) -> wire.Total:
    currency = total.currency
    return wire.Total(
        currency=currency,
        subtotal=numbers.major_text(Money(total.minor - tax_minor, currency)),
        tax_amount=numbers.major_text(Money(tax_minor, currency)),
        total=numbers.major_text(total),
    )
