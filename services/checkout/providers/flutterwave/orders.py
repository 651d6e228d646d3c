"""Our order as Flutterwave is asked for it: which address, and which body."""

from typing import Final, assert_never

from msgspec import Struct

from services.checkout.domain.operators import operator_hint
from services.checkout.providers.decimals import to_major
from services.checkout.providers.flutterwave.currencies import EXPONENTS, FRANCO_COUNTRIES
from services.checkout.providers.flutterwave.wire import ChargeRequest, Customer, Customizations, HostedRequest
from services.checkout.providers.port import Account, Order, Refused

SESSION_MINUTES: Final = 30
"""How long the hosted page can be paid at."""
TRIES_ON_PAGE_MAX: Final = 1
"""The page closes after a payment that failed: our own page offers the next try, and two could both be paid."""
TITLE_CHARS_MAX: Final = 100
_UGANDA: Final = {"MTN": "MTN", "AIRTEL": "AIRTEL"}


class Call(Struct, frozen=True):
    target: str
    body: HostedRequest | ChargeRequest


def call_of(account: Account, order: Order) -> Call | Refused:
    """Refused: Flutterwave could not take it, or not from this account."""
    email = order.customer.email or account.credentials.get("email")
    if email is None:
        return Refused("email_needed", "customer.email")
    if order.total.currency not in EXPONENTS:
        return Refused("currency_not_taken", "currency")
    match order.method:
        case "card":
            return Call("/v3/payments", _hosted(order, email))
        case "mobile_money":
            return _mobile_money(order, email)
        case "ussd":
            return Call("/v3/charges?type=ussd", _charge(order, email, account_bank=order.bank))
        case "bank_transfer":
            return Call("/v3/charges?type=bank_transfer", _charge(order, email))
        case _:
            assert_never(order.method)


def _hosted(order: Order, email: str) -> HostedRequest:
    return HostedRequest(
        tx_ref=order.reference,
        amount=to_major(order.total, EXPONENTS[order.total.currency]),
        currency=order.total.currency,
        redirect_url=order.paid_url,
        payment_options="card",
        session_duration=SESSION_MINUTES,
        max_retry_attempt=TRIES_ON_PAGE_MAX,
        customer=Customer(email, order.customer.name, _digits(order.customer.phone)),
        customizations=Customizations(" ".join(order.description.split())[:TITLE_CHARS_MAX]),
    )


def _mobile_money(order: Order, email: str) -> Call | Refused:
    phone = order.phone or ""
    match order.total.currency:
        case "UGX":
            network = _UGANDA.get((order.operator or _operator(phone)).upper())
            if network is None:
                return Refused("operator_not_taken", "operator")
            return Call("/v3/charges?type=mobile_money_uganda", _charge(order, email, network=network))
        case "RWF":
            return Call("/v3/charges?type=mobile_money_rwanda", _charge(order, email))
        case "XOF" | "XAF" as currency:
            countries = FRANCO_COUNTRIES[currency]
            country = next((code for prefix, code in countries.items() if phone.startswith(prefix)), None)
            if country is None:
                return Refused("country_not_taken", "operator")
            return Call("/v3/charges?type=mobile_money_franco", _charge(order, email, country=country))
        case _:
            return Refused("currency_not_taken", "currency")


def _charge(
    order: Order, email: str, *, network: str | None = None, country: str | None = None, account_bank: str | None = None
) -> ChargeRequest:
    mobile = order.method == "mobile_money"
    return ChargeRequest(
        tx_ref=order.reference,
        amount=to_major(order.total, EXPONENTS[order.total.currency]),
        currency=order.total.currency,
        email=email,
        fullname=order.customer.name,
        phone_number=_digits(order.phone if mobile else order.customer.phone),
        network=network,
        country=country,
        account_bank=account_bank,
        redirect_url=order.paid_url if mobile else None,
    )


def _operator(phone: str) -> str:
    hint = operator_hint(phone)
    return hint.operator if hint else ""


def _digits(phone: str | None) -> str | None:
    """`256772123456`: with the country's code and without its +."""
    return phone.removeprefix("+") if phone else None
