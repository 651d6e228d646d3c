from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from services.links.dialects.native.wire import links as wire
from services.links.dialects.native.wire.common import MoneyOut
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Branding, Collect, Link, Recipient, Reminders, Uses
from services.links.domain.pricing import (
    Cart,
    CartWanted,
    Fixed,
    Flexible,
    LineWanted,
    OfPlan,
    OfProduct,
    Open,
    PlanWanted,
    Pricing,
    PricingWanted,
    ProductWanted,
)
from shared.kernel.faults import Invalid
from shared.kernel.money import Money

_T = TypeVar("_T")


def draft_of(body: wire.CreatePaymentLink | wire.PatchPaymentLink) -> LinkDraft:
    """Null stands for what a new link would have.

    Raises:
        Invalid: a time that no calendar has.
    """
    return LinkDraft(
        title=body.title,
        pricing=UNSET if body.pricing is UNSET else _pricing_in(body.pricing),
        slug=body.slug,
        description=body.description,
        private_note=body.private_note,
        uses_max=body.uses_max,
        starts_at=utc("starts_at", body.starts_at),
        expires_at=utc("expires_at", body.expires_at),
        methods=None if body.methods is None else tuple_in(body.methods),
        providers=() if body.providers is None else tuple_in(body.providers),
        collect=_collect_in(body.collect),
        success_url=body.success_url,
        cancel_url=body.cancel_url,
        branding=_branding_in(body.branding),
        metadata={} if body.metadata is None else body.metadata,
        late_payment_policy=body.late_payment_policy,
        internal_name=body.internal_name,
        coupons_allowed=False if body.coupons_allowed is None else body.coupons_allowed,
        recipient=_recipient_in(body.recipient),
        gate_otp=UNSET if body.gate is UNSET else body.gate == "otp",
        scheduled_at=utc("scheduled_at", body.scheduled_at),
        reminders=reminders_in(body.reminders),
        reference=body.reference,
    )


def link_out(link: Link, *, public_url: str, now: datetime) -> wire.PaymentLink:
    return wire.PaymentLink(
        id=link.id,
        slug=link.slug,
        url=page_url(link, public_url),
        state=link.state(now),
        title=link.title,
        description=link.description,
        private_note=link.private_note,
        pricing=pricing_out(link.pricing),
        uses=uses_out(link.uses),
        starts_at=link.starts_at,
        expires_at=link.expires_at,
        methods=list(link.methods),
        providers=list(link.providers),
        collect=wire.CollectOut(link.collect.email, link.collect.name, link.collect.phone, link.collect.address),
        success_url=link.success_url,
        cancel_url=link.cancel_url,
        branding=wire.BrandingOut(link.branding.color, link.branding.logo_url),
        metadata=link.metadata,
        late_payment_policy=link.late_payment_policy,
        internal_name=link.internal_name,
        coupons_allowed=link.coupons_allowed,
        recipient=wire.RecipientOut(link.recipient.email, link.recipient.name) if link.recipient else None,
        gate="otp" if link.gate_otp else "none",
        verified_at=link.verified_at,
        scheduled_at=link.scheduled_at,
        reminders=reminders_out(link.reminders) if link.reminders is not None else None,
        reference=link.reference,
        created_by=link.created_by,
        paused_at=link.paused_at,
        ended_at=link.ended_at,
        livemode=link.livemode,
        revision=link.revision,
        created_at=link.created_at,
        updated_at=link.updated_at,
    )


def page_url(link: Link, public_url: str) -> str:
    """Where a buyer pays it."""
    return f"{public_url}/checkout/{link.slug}"


def uses_out(uses: Uses) -> wire.UsesOut:
    return wire.UsesOut(uses.max, uses.used, uses.held, uses.remaining)


def pricing_out(pricing: Pricing) -> wire.PricingOut:
    match pricing:
        case Fixed(total):
            return wire.FixedOut(total.minor, total.currency)
        case Flexible(currency, least, most):
            return wire.FlexibleOut(currency, least, most)
        case Open(currency):
            return wire.OpenOut(currency)
        case OfProduct(product_id, name, total):
            return wire.ProductOut(product_id, name, total.minor, total.currency)
        case OfPlan(plan_id, name, total, interval, interval_count):
            return wire.PlanOut(plan_id, name, total.minor, total.currency, interval, interval_count)
        case Cart():
            return _cart_out(pricing)
        case _:
            assert_never(pricing)


def money_out(money: Money) -> MoneyOut:
    return MoneyOut(money.minor, money.currency)


def _pricing_in(pricing: wire.PricingIn) -> PricingWanted:
    match pricing:
        case wire.FixedIn(amount_minor, currency):
            return Fixed(Money(amount_minor, currency))
        case wire.FlexibleIn(currency, least, most):
            return Flexible(currency, least, most)
        case wire.OpenIn(currency):
            return Open(currency)
        case wire.ProductIn(product_id, price):
            return ProductWanted(product_id, Money(price.amount_minor, price.currency) if price else None)
        case wire.PlanIn(plan_id):
            return PlanWanted(plan_id)
        case wire.CartIn(items, currency, tax_mode):
            lines = tuple(LineWanted(item.product_id, item.quantity) for item in items)
            return CartWanted(lines=lines, currency=currency, tax_mode=tax_mode)
        case _:
            assert_never(pricing)


def _cart_out(cart: Cart) -> wire.CartOut:
    return wire.CartOut(
        items=[
            wire.CartItemOut(i.product_id, i.name, money_out(i.unit), i.quantity, i.tax_minor, i.tax_name)
            for i in cart.items
        ],
        amount_minor=cart.total.minor,
        currency=cart.total.currency,
        tax_mode=cart.tax_mode,
        tax_minor=cart.tax_minor,
        also=[money_out(other.total) for other in cart.also],
    )


def _recipient_in(recipient: wire.RecipientIn | UnsetType | None) -> Recipient | UnsetType | None:
    return Recipient(recipient.email, recipient.name) if isinstance(recipient, wire.RecipientIn) else recipient


def reminders_in(reminders: wire.RemindersIn | UnsetType | None) -> Reminders | UnsetType | None:
    if not isinstance(reminders, wire.RemindersIn):
        return reminders
    named = Reminders(tuple(reminders.before_expiry_hours), tuple(reminders.unpaid_days))
    if not isinstance(reminders.renewal_days, UnsetType):
        named = msgspec.structs.replace(named, renewal_days=tuple(reminders.renewal_days))
    if not isinstance(reminders.dunning_days, UnsetType):
        named = msgspec.structs.replace(named, dunning_days=tuple(reminders.dunning_days))
    return named


def reminders_out(reminders: Reminders) -> wire.RemindersOut:
    return wire.RemindersOut(
        list(reminders.before_expiry_hours),
        list(reminders.unpaid_days),
        list(reminders.renewal_days),
        list(reminders.dunning_days),
    )


def _collect_in(collect: wire.CollectIn | UnsetType | None) -> Collect | UnsetType:
    if collect is UNSET:
        return UNSET
    return Collect(collect.email, collect.name, collect.phone, collect.address) if collect else Collect()


def _branding_in(branding: wire.BrandingIn | UnsetType | None) -> Branding | UnsetType:
    if branding is UNSET:
        return UNSET
    return Branding(branding.color, branding.logo_url) if branding else Branding()


def tuple_in(values: Sequence[_T] | UnsetType) -> tuple[_T, ...] | UnsetType:
    return UNSET if values is UNSET else tuple(values)


def utc(field: str, moment: datetime | UnsetType | None) -> datetime | UnsetType | None:
    """Raises: Invalid: in UTC it lies before the year 1 or after 9999."""
    if not isinstance(moment, datetime):
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid(field, "is outside of the calendar") from None
