"""From a link to what its page shows. Pure."""

from datetime import datetime
from typing import Final

from services.checkout.domain.banks import ussd_banks
from services.checkout.domain.operators import countries_for
from services.checkout.domain.pricing import in_currency, listed_total
from services.checkout.domain.refusal import uses_remaining
from services.checkout.web import bill_view
from services.checkout.web.views import (
    CardField,
    CheckoutView,
    ChosenPrice,
    Collect,
    Coupon,
    FieldError,
    FixedPrice,
    Merchant,
    Price,
    RecentPayment,
    RefusalView,
)
from shared.contracts.links import (
    FlexibleView,
    LinkView,
    MerchantView,
    Method,
    OpenView,
    PricingView,
    ProductView,
    RefusalReason,
)
from shared.web.slots import ATTEMPT_SLOT

CURRENCIES_OFFERED: Final = ("UGX", "RWF", "KES", "NGN", "XOF", "USD", "EUR")
"""Where a link names no currency, the buyer picks one of these."""
TEST_NUMBERS_PATH: Final = "/docs/sandbox"


def merchant_of(merchant: MerchantView) -> Merchant:
    return Merchant(merchant.name, merchant.logo_url, merchant.color, merchant.support_email)


def link_path(link: LinkView) -> str:
    return f"/checkout/{link.slug}"


def checkout_view(
    link: LinkView,
    methods: tuple[Method, ...],
    *,
    card: CardField,
    values: dict[str, str] | None = None,
    errors: tuple[FieldError, ...] = (),
    attempt: str = ATTEMPT_SLOT,
    recent: RecentPayment | None = None,
    currency: str | None = None,
    coupon: Coupon | None = None,
    coupon_asked: bool = False,
) -> CheckoutView:
    """The page of a link; after a post with `errors`, with what was typed. `currency` is one that a cart is sold in."""
    price = _price(in_currency(link.pricing, currency), coupon)
    shown_currency = price.currency if isinstance(price, FixedPrice) else price.currencies[0]
    product = link.pricing if isinstance(link.pricing, ProductView) else None
    collect = link.collect
    return CheckoutView(
        path=link_path(link),
        kept=f"currency={currency}" if currency else "",
        merchant=merchant_of(link.merchant),
        title=link.title,
        description=link.description or (product.description if product else None),
        image_url=product.image_url if product else None,
        price=price,
        methods=methods,
        livemode=link.livemode,
        uses_left=uses_remaining(link),
        expires_at=link.expires_at,
        time_zone=link.merchant.timezone,
        collect=Collect(email=collect.email, name=collect.name, phone=collect.phone, address=collect.address),
        countries=countries_for(shown_currency),
        banks=ussd_banks(shown_currency),
        card=card,
        values=values or {},
        errors=errors,
        attempt=attempt,
        recent_payment=recent,
        cancel_url=link.cancel_url,
        docs_url=None if link.livemode else TEST_NUMBERS_PATH,
        bill=bill_view.bill_of(link.pricing, currency),
        coupons=link.coupons_allowed,
        coupon=coupon,
        coupon_asked=coupon_asked,
    )


def refusal_view(
    link: LinkView, *, reason: RefusalReason, since: datetime | None, starts_at: datetime | None
) -> RefusalView:
    return RefusalView(
        path=link_path(link),
        reason=reason,
        livemode=link.livemode,
        merchant=merchant_of(link.merchant),
        title=link.title,
        since=since,
        starts_at=starts_at,
        time_zone=link.merchant.timezone,
    )


def _price(pricing: PricingView, coupon: Coupon | None) -> Price:
    listed = listed_total(pricing)
    if listed is not None:
        return bill_view.after(listed, coupon)
    match pricing:
        case FlexibleView(currency=currency, min_minor=lowest, max_minor=highest):
            return ChosenPrice((currency,), lowest, highest)
        case OpenView(currency=currency):
            return ChosenPrice((currency,) if currency else CURRENCIES_OFFERED)
        case _:
            raise AssertionError(pricing)
