"""Reading what a buyer posted. Every text is bounded; what is wrong comes back as errors that name their field."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from services.checkout.domain.amounts import AmountFlaw, AmountRefused, parse_amount
from services.checkout.domain.faults import AmountOutOfBounds
from services.checkout.domain.means import ByBankTransfer, ByCardToken, ByPhone, ByRedirect, ByUssd, Means
from services.checkout.domain.operators import normalize_phone
from services.checkout.domain.pricing import currencies_of, listed_total, total_of
from services.checkout.domain.session import Address
from services.checkout.use_cases.open_session import Details, Idempotency
from services.checkout.web.page_link_views import CURRENCIES_OFFERED
from services.checkout.web.views import ErrorCode, FieldError
from shared.contracts.checkout import CustomerView
from shared.contracts.links import FlexibleView, LinkView, Method, OpenView
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money
from shared.kernel.text import has_control_characters, looks_like_card_number

FORM_BYTES_MAX: Final = 64 * 1024
FIELDS_MAX: Final = 60
TEXT_CHARS_MAX: Final = 200
EMAIL_CHARS_MAX: Final = 254

_EMAIL: Final = re.compile(r"[^@\s,;<>()\"\\]+@[^@\s,;<>()\"\\.]+(?:\.[^@\s,;<>()\"\\.]+)+")
_ATTEMPT: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_COUPON: Final = re.compile(r"[!-~]{1,40}")
_SEEN: Final = re.compile(r"([0-9]{1,16}) ([A-Z]{3})")
_CARD_TOKEN: Final = re.compile(r"tok_[A-Za-z0-9_]{1,60}")
_FLAWS: Final[dict[AmountFlaw, ErrorCode]] = {
    "empty": "required",
    "not_a_number": "amount_invalid",
    "not_positive": "amount_invalid",
    "too_many_decimals": "amount_decimals",
    "ambiguous": "amount_ambiguous",
    "too_large": "amount_too_large",
}
_NEVER_SHOWN_AGAIN: Final = frozenset({"card_token", "attempt", "apply"})
_PAGE: Final = "page"
"""Whose keys they are: the attempt itself is drawn at random for each page, and known to nobody else."""

Posted = Mapping[str, str]


class CheckoutForm(Struct, frozen=True):
    """What was understood. With `errors` the rest must not be used."""

    details: Details
    means: Means | None
    errors: tuple[FieldError, ...]


def read_form(raw: bytes) -> dict[str, str]:
    """The posted fields, trimmed; the first of those that stand twice.

    Raises:
        Invalid: not a form of ours: too many fields, not UTF-8.
    """
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise Invalid("", "the form cannot be read") from None
    posted: dict[str, str] = {}
    for name, value in pairs:
        posted.setdefault(name, value.strip())
    return posted


def shown_again(posted: Posted) -> dict[str, str]:
    return {name: value for name, value in posted.items() if name not in _NEVER_SHOWN_AGAIN}


def attempt_of(posted: Posted) -> str | None:
    attempt = posted.get("attempt", "")
    return attempt if _ATTEMPT.fullmatch(attempt) else None


def idempotency_of(slug: str, posted: Posted) -> Idempotency | None:
    """The same form sent twice opens one session; a corrected one opens its own."""
    attempt = attempt_of(posted)
    if attempt is None:
        return None
    fields = sorted((name, value) for name, value in posted.items() if name != "card_token")
    digest = hashlib.sha256(repr((slug, fields)).encode()).digest()
    return Idempotency(f"page-{attempt}-{digest.hex()[:16]}", digest, _PAGE)


def with_locale(details: Details, locale: str) -> Details:
    return msgspec.structs.replace(details, locale=locale)


def checkout_form(link: LinkView, methods: tuple[Method, ...], posted: Posted) -> CheckoutForm:
    errors: list[FieldError] = []
    customer = _customer(link, posted, errors)
    address = _address(link, posted, errors)
    total = _chosen_total(link, posted, errors)
    means = means_of(methods, posted, errors)
    currency = currency_of(link, posted, errors)
    details = Details(
        customer=customer,
        address=address,
        amount_minor=total.minor if total else None,
        currency=total.currency if total else currency,
        coupon_code=coupon_code_of(link, posted, errors),
        seen=_seen(posted),
    )
    return CheckoutForm(details, means, tuple(errors))


def coupon_code_of(link: LinkView, posted: Posted, errors: list[FieldError]) -> str | None:
    code = posted.get("coupon", "") if link.coupons_allowed else ""
    if code and not _COUPON.fullmatch(code):
        errors.append(FieldError("coupon", "coupon_unknown"))
        return None
    return code or None


def currency_of(link: LinkView, posted: Posted, errors: list[FieldError]) -> str | None:
    """The one of a cart's currencies that the page was in; None where there is no choice."""
    offered, currency = currencies_of(link.pricing), posted.get("currency", "")
    if not offered or not currency:
        return None
    if currency not in offered:
        errors.append(FieldError("currency", "choice_invalid"))
        return None
    return currency


def means_of(methods: tuple[Method, ...], posted: Posted, errors: list[FieldError]) -> Means | None:
    method = posted.get("method", "")
    if method not in methods:
        errors.append(FieldError("method", "choice_invalid" if method else "required"))
        return None
    match method:
        case "mobile_money":
            return _by_phone(posted, errors)
        case "card":
            return _by_card(posted, errors)
        case "ussd":
            return ByUssd(posted.get("bank") or None)
        case _:
            return ByBankTransfer()


def _by_phone(posted: Posted, errors: list[FieldError]) -> Means | None:
    text = posted.get("mobile_phone", "")
    phone = normalize_phone(text, country=posted.get("mobile_country") or None)
    if phone is None:
        errors.append(FieldError("mobile_phone", "phone_invalid" if text else "required"))
        return None
    return ByPhone(phone)


def _by_card(posted: Posted, errors: list[FieldError]) -> Means | None:
    token = posted.get("card_token", "")
    if not token:
        return ByRedirect()
    if _CARD_TOKEN.fullmatch(token):
        return ByCardToken(token)
    errors.append(FieldError("card", "card_invalid"))
    return None


def _customer(link: LinkView, posted: Posted, errors: list[FieldError]) -> CustomerView:
    collect = link.collect
    email = _text(posted, "email", need=collect.email, errors=errors, chars=EMAIL_CHARS_MAX)
    if email and not _EMAIL.fullmatch(email):
        errors.append(FieldError("email", "email_invalid"))
    phone = _text(posted, "phone", need=collect.phone, errors=errors, chars=40, refuse_cards=False)
    if phone and (phone := normalize_phone(phone)) is None:
        errors.append(FieldError("phone", "phone_invalid"))
    return CustomerView(email=email, name=_text(posted, "name", need=collect.name, errors=errors), phone=phone)


def _address(link: LinkView, posted: Posted, errors: list[FieldError]) -> Address | None:
    need = link.collect.address
    if need == "no":
        return None
    line1 = _text(posted, "address_line1", need=need, errors=errors)
    city = _text(posted, "address_city", need=need, errors=errors)
    country = _text(posted, "address_country", need=need, errors=errors)
    line2 = _text(posted, "address_line2", need="optional", errors=errors)
    postal_code = _text(posted, "address_postal_code", need="optional", errors=errors, chars=20)
    if not (line1 and city and country):
        return None
    return Address(line1=line1, city=city, country=country, line2=line2, postal_code=postal_code)


def _text(
    posted: Posted,
    field: str,
    *,
    need: str,
    errors: list[FieldError],
    chars: int = TEXT_CHARS_MAX,
    refuse_cards: bool = True,
) -> str | None:
    """One line of plain text; fields that were not asked for are not taken."""
    text = "" if need == "no" else posted.get(field, "")
    if not text:
        if need == "required":
            errors.append(FieldError(field, "required"))
        return None
    if len(text) > chars:
        errors.append(FieldError(field, "too_long"))
    elif (
        has_control_characters(text) or "\n" in text or "\r" in text or (refuse_cards and looks_like_card_number(text))
    ):
        errors.append(FieldError(field, "choice_invalid"))
    return text


def _chosen_total(link: LinkView, posted: Posted, errors: list[FieldError]) -> Money | None:
    """What the buyer typed, where the link lets them; None where its price is fixed, or with an error."""
    if listed_total(link.pricing) is not None:
        if "amount" in posted:  # at a page from before it had a price
            errors.append(FieldError("form", "price_changed"))
        return None
    match link.pricing:
        case FlexibleView(currency=str(currency)) | OpenView(currency=str(currency)):
            pass
        case _:
            currency = posted.get("currency", "")
            if currency not in CURRENCIES_OFFERED:
                errors.append(FieldError("currency", "choice_invalid"))
                return None
    try:
        typed = parse_amount(posted.get("amount", ""), currency)
    except AmountRefused as refused:
        errors.append(FieldError("amount", _FLAWS[refused.flaw], MINOR_MAX, currency))
        return None
    try:
        return total_of(link.pricing, typed.minor, currency=currency)
    except AmountOutOfBounds as refused:
        lowest, highest = refused.values["min_minor"], refused.values["max_minor"]
        assert isinstance(lowest, int)
        assert isinstance(highest, int)
        too_small = typed.minor < lowest
        code: ErrorCode = "amount_too_small" if too_small else "amount_too_large"
        errors.append(FieldError("amount", code, lowest if too_small else highest, currency))
    return None


def _seen(posted: Posted) -> Money | None:
    """The total on the page that this was sent from; None where it had none, or is of a version before this."""
    seen = _SEEN.fullmatch(posted.get("seen", ""))
    return Money(int(seen[1]), seen[2]) if seen else None
