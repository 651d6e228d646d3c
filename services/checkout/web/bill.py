"""The bill of a page in words: lines, tax, coupon and total."""

from decimal import Decimal
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from services.checkout.web.bill_parts import Coupon, FixedPrice
from services.checkout.web.views import CheckoutView
from shared.web.catalogs import Catalog
from shared.web.formats import format_money

_TIMES: Final = Markup("{} \N{MULTIPLICATION SIGN} {}")
_EVERY: Final = {
    "day": "plan_day",
    "week": "plan_week",
    "month": "plan_month",
    "quarter": "plan_quarter",
    "year": "plan_year",
}
_MINUS: Final = "\N{MINUS SIGN}"


class Row(Struct, frozen=True):
    """`detail` stands below `text`. `kind` is a class of the page's styles."""

    text: str
    amount: str
    detail: str = ""
    kind: str = ""


class Choice(Struct, frozen=True):
    """The same cart in another currency."""

    currency: str
    amount: str


def context(view: CheckoutView, t: Catalog) -> dict[str, object]:
    price, bill = view.price, view.bill
    fixed = price if isinstance(price, FixedPrice) else None
    rows = _rows(view, fixed, t) if fixed else []
    included = fixed and bill.tax_included and bill.tax_minor
    return {
        "rows": rows,
        "tax_included": t("tax_included", tax=_tax(view, t), amount=_money(bill.tax_minor, fixed, t))
        if fixed and included
        else None,
        "terms": t.count(_EVERY[bill.terms.interval], bill.terms.count) if bill.terms else None,
        "first_payment": t("plan_first", amount=_money(fixed.minor, fixed, t)) if fixed and bill.terms else None,
        "choices": _choices(view, fixed, t) if fixed else [],
        "coupon_text": _coupon_text(view.coupon, view, t) if view.coupon else None,
        "coupon_said": _coupon_said(view, fixed, t) if view.coupon_asked and not view.errors else None,
    }


def _rows(view: CheckoutView, price: FixedPrice, t: Catalog) -> list[Row]:
    """Nothing where the price alone says it all."""
    bill, off_minor = view.bill, (view.coupon.off_minor or 0) if view.coupon else 0
    rows = [
        Row(line.name, _money(line.minor, price, t), _TIMES.format(line.quantity, _money(line.unit_minor, price, t)))
        for line in bill.lines
    ]
    if bill.more:
        rows.append(Row(t.count("more_items", bill.more), _money(bill.more_minor, price, t)))
    if bill.tax_minor and not bill.tax_included:
        rows.append(Row(t("tax_plus", tax=_tax(view, t)), _money(bill.tax_minor, price, t), kind="tax"))
    if view.coupon is not None:
        rows.append(Row(t("subtotal"), _money(price.minor + off_minor, price, t), kind="tax"))
        off = f"{_MINUS}{_money(off_minor, price, t)}"
        rows.append(Row(t("coupon_row", code=view.coupon.code), off, kind="off"))
    if rows:
        rows.append(Row(t("total"), _money(price.minor, price, t), kind="sum"))
    return rows


def _choices(view: CheckoutView, price: FixedPrice, t: Catalog) -> list[Choice]:
    return [
        Choice(one.currency, format_money(one.minor, one.currency, t.locale))
        for one in view.bill.offered
        if one.currency != price.currency
    ]


def _coupon_text(coupon: Coupon, view: CheckoutView, t: Catalog) -> str:
    """`WELCOME10: 10 % off`; an amount where it is one, or is known."""
    if coupon.percent_bps is not None:
        percent = f"{Decimal(coupon.percent_bps) / 100:f}"
        return t("coupon_percent", code=coupon.code, percent=percent)
    currency = view.price.currency if isinstance(view.price, FixedPrice) else view.price.currencies[0]
    return t("coupon_amount", code=coupon.code, amount=format_money(coupon.off_minor or 0, currency, t.locale))


def _coupon_said(view: CheckoutView, price: FixedPrice | None, t: Catalog) -> str:
    """What applying it came to. The page is a new one, so nobody hears it who is not led there."""
    if view.coupon is None:
        return t("coupon_none")
    text = _coupon_text(view.coupon, view, t)
    if price is None:
        return t("coupon_later", coupon=text)
    return t("coupon_applied", coupon=text, amount=_money(price.minor, price, t))


def _tax(view: CheckoutView, t: Catalog) -> str:
    return view.bill.tax_name or t("tax")


def _money(minor: int, price: FixedPrice | None, t: Catalog) -> str:
    assert price is not None
    return format_money(minor, price.currency, t.locale)
