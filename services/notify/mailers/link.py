"""The mail that brings a link to whom it was made for, in words."""

from typing import Final, assert_never

from services.notify.domain.link_mail import LinkMail
from services.notify.mailers.wording import Wording, Words, known, worded, words
from shared.contracts.links import (
    CartView,
    FixedView,
    FlexibleView,
    OpenView,
    PlanView,
    PricingView,
    ProductView,
)
from shared.kernel.money import Money
from shared.web.formats import format_moment, format_money

ITEMS_MAX: Final = 10
_MONTHS_OF_QUARTER: Final = 3
_UNITS: Final = frozenset({"day", "week", "month", "year"})


def word_link(mail: LinkMail, locale: str, *, url: str) -> Wording:
    locale = known(locale)
    t = words(locale)
    heading = t("link_heading", merchant=mail.merchant_name)
    amount, beside = price(mail.pricing, t, locale)
    expires = format_moment(mail.expires_at, locale, zone=mail.timezone) if mail.expires_at else None
    return worded(
        "link",
        locale,
        mail,
        subject=heading,
        why=t("link_why", merchant=mail.merchant_name),
        preview=f"{mail.title} · {amount or beside}",
        url=url,
        heading=heading,
        amount=amount,
        beside=beside,
        rows=items(mail.pricing, locale),
        expires=t("expires", moment=expires) if expires else None,
    )


def price(pricing: PricingView, t: Words, locale: str) -> tuple[str | None, str | None]:
    """The amount, where it is known, and what is to be said about it."""
    match pricing:
        case FixedView() | ProductView() | CartView():
            return _money(pricing.total, locale), None
        case PlanView():
            return _money(pricing.total, locale), _every(pricing, t)
        case FlexibleView():
            return None, f"{t('you_choose')}. {_between(pricing, t, locale)}".strip()
        case OpenView():
            return None, t("you_choose")
        case _:
            assert_never(pricing)


def _between(pricing: FlexibleView, t: Words, locale: str) -> str:
    low = None if pricing.min_minor is None else format_money(pricing.min_minor, pricing.currency, locale)
    high = None if pricing.max_minor is None else format_money(pricing.max_minor, pricing.currency, locale)
    if low and high:
        return t("amount_between", min=low, max=high)
    if low:
        return t("amount_from", min=low)
    return t("amount_up_to", max=high) if high else ""


def _every(plan: PlanView, t: Words) -> str | None:
    unit, count = plan.interval, plan.interval_count
    if unit == "quarter":
        unit, count = "month", count * _MONTHS_OF_QUARTER
    if unit not in _UNITS:
        # One that was thought of after us: the page has it.
        return None
    return t(f"link_every_{unit}") if count == 1 else t(f"link_every_{unit}s", n=str(count))


def items(pricing: PricingView, locale: str) -> list[tuple[str, str]]:
    """The lines of a cart, `ITEMS_MAX` at most: the page has all of them."""
    if not isinstance(pricing, CartView):
        return []
    lines = [
        (
            f"{item.quantity} \u00d7 {item.name}",
            _money(Money(item.unit.minor * item.quantity, item.unit.currency), locale),
        )
        for item in pricing.items[:ITEMS_MAX]
    ]
    return lines if len(pricing.items) <= ITEMS_MAX else [*lines, ("…", "")]


def _money(money: Money, locale: str) -> str:
    return format_money(money.minor, money.currency, locale)
