"""What the checkout form needs beside its view: texts, error messages, hints."""

from datetime import datetime
from functools import cache
from typing import Final

import msgspec
from markupsafe import Markup

from services.checkout.domain.operators import COUNTRIES, Country, operator_hint
from services.checkout.web import bill
from services.checkout.web.views import CheckoutView, ChosenPrice, FieldError, FixedPrice
from shared.web.catalogs import Catalog
from shared.web.formats import format_moment, format_money, format_plain_amount, money_shape
from shared.web.security import origin_of

USES_LEFT_SHOWN_MAX: Final = 10
_EXAMPLE_MAJOR: Final = 5000
_ASKED: Final = ("email", "name", "phone", "address")
_LABELED: Final = frozenset(
    {
        *("email", "name", "phone", "amount", "currency", "mobile_phone", "bank", "coupon"),
        *("address_line1", "address_line2", "address_city", "address_postal_code", "address_country"),
    }
)


class Errors(dict[str, str]):
    """Texts by field; a field without an error reads as empty."""

    def __missing__(self, key: str) -> str:
        return ""


class SummaryLine(msgspec.Struct, frozen=True):
    text: Markup
    href: str | None


def context(view: CheckoutView, t: Catalog) -> dict[str, object]:
    """The template's values for one view, `view` itself and the page's own files aside."""
    collect = view.collect
    return {
        "values": view.values,
        "attempt": view.attempt,
        "collect": collect,
        "asks": any(getattr(collect, field) != "no" for field in _ASKED),
        "errors": Errors((error.field, error_text(error, t)) for error in view.errors),
        "summary": [_summary_line(error, view, t) for error in view.errors],
        "uses_left": _uses_left(view.uses_left, t),
        "expires": _moment(view.expires_at, view, t),
        "recent_paid": _moment(view.recent_payment.paid_at if view.recent_payment else None, view, t),
        "frame_origin": origin_of(view.card.frame_url or ""),
        "chosen_method": _chosen(view.values.get("method"), view.methods),
        **_price(view, t),
        **bill.context(view, t),
        **_phone(view, t),
    }


def error_text(error: FieldError, t: Catalog) -> Markup:
    """The message for one error in the buyer's language."""
    match error.code:
        case "amount_too_small" | "amount_too_large":
            return t(f"error_{error.code}", amount=format_money(error.minor or 0, error.currency or "XXX", t.locale))
        case "amount_invalid" | "amount_ambiguous":
            return t(f"error_{error.code}", example=_EXAMPLE_MAJOR)
        case _:
            return t(f"error_{error.code}")


def _summary_line(error: FieldError, view: CheckoutView, t: Catalog) -> SummaryLine:
    """The message with the name of its field, and the address within the page of what has to be changed."""
    text = error_text(error, t)
    if error.field == "form":
        return SummaryLine(text, None)
    if error.field in {"card", "method"}:
        way = "card" if error.field == "card" else view.methods[0]
        return SummaryLine(text, f"#way-{way}" if len(view.methods) > 1 else None)
    line = t("labeled", label=t(error.field), text=text) if error.field in _LABELED else text
    return SummaryLine(line, f"#f-{error.field}")


def _price(view: CheckoutView, t: Catalog) -> dict[str, object]:
    price = view.price
    if isinstance(price, FixedPrice):
        total = format_money(price.minor, price.currency, t.locale)
        return {"chosen": None, "total": total, "pay_label": t("pay_amount", amount=total)}
    currency = _chosen(view.values.get("currency"), price.currencies)
    shapes = {code: money_shape(code, t.locale) for code in price.currencies}
    example_minor = price.min_minor or _EXAMPLE_MAJOR * 10 ** shapes[currency].digits
    return {
        "chosen": price,
        "total": None,
        "pay_label": t("pay_plain"),
        "currency": currency,
        "bounds": _bounds(price, t),
        "shape": shapes[currency],
        "shapes": msgspec.json.encode(shapes).decode(),
        "amount_example": format_plain_amount(example_minor, currency),
    }


def _bounds(price: ChosenPrice, t: Catalog) -> str | None:
    """Bounds are kept in minor units of one currency, so they speak only where there is no choice of it."""
    if len(price.currencies) != 1:
        return None
    (currency,) = price.currencies
    low, high = (
        None if minor is None else format_money(minor, currency, t.locale)
        for minor in (price.min_minor, price.max_minor)
    )
    if low and high:
        return t("amount_between", min=low, max=high)
    if low:
        return t("amount_from", min=low)
    return t("amount_up_to", max=high) if high else None


def _phone(view: CheckoutView, t: Catalog) -> dict[str, object]:
    countries = [COUNTRIES[code] for code in view.countries if code in COUNTRIES]
    country = _chosen(view.values.get("mobile_country"), tuple(home.code for home in countries)) if countries else ""
    return {
        "countries": countries,
        "country": country,
        "phone_example": COUNTRIES[country].example if country else "+256 772 123 456",
        "operators": _operators_attribute(),
        "operator_text": _operator_text(view.values.get("mobile_phone", ""), country, t),
    }


def _operator_text(phone: str, country: str, t: Catalog) -> str:
    hint = operator_hint(phone, country=country or None)
    if hint is None:
        return t("mobile_hint")
    return t("operator_high" if hint.confidence == "high" else "operator_low", operator=hint.operator)


@cache
def _operators_attribute() -> str:
    """The table of operators for the page's script: `UG,256,9,0,h=MTN:76 77|Airtel:70;RW,…`."""

    def line(home: Country) -> str:
        operators = "|".join(f"{name}:{prefixes}" for name, prefixes in home.operators.items())
        return f"{home.code},{home.dial},{home.digits},{home.trunk},{'l' if home.portable else 'h'}={operators}"

    return ";".join(map(line, COUNTRIES.values()))


def _uses_left(uses_left: int | None, t: Catalog) -> str | None:
    return t.count("uses_left", uses_left) if uses_left and uses_left <= USES_LEFT_SHOWN_MAX else None


def _moment(moment: datetime | None, view: CheckoutView, t: Catalog) -> str | None:
    return moment and format_moment(moment, t.locale, zone=view.time_zone)


def _chosen(wanted: str | None, offered: tuple[str, ...]) -> str:
    return wanted if wanted in offered else offered[0]
