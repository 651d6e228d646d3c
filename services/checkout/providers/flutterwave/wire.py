"""Flutterwave v3's JSON as it is sent and read. Fields that we do not use are not named: the provider may add some."""

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")]
Code = Annotated[str, Meta(max_length=60, pattern=r"^[*#][0-9*#]+$")]
Url = Annotated[str, Meta(max_length=2048, pattern=r"^https?://[\x21-\x7e]+$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class Customer(Struct, frozen=True, omit_defaults=True):
    email: str
    name: str | None = None
    phonenumber: str | None = None


class Customizations(Struct, frozen=True):
    title: str


class HostedRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`session_duration` is in minutes."""

    tx_ref: str
    amount: Decimal
    currency: str
    redirect_url: str
    payment_options: str
    session_duration: Annotated[int, Meta(le=1440)]
    max_retry_attempt: int
    customer: Customer
    customizations: Customizations


class ChargeRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`network` and `country` go with mobile money only, `account_bank` with USSD only."""

    tx_ref: str
    amount: Decimal
    currency: str
    email: str
    fullname: str | None = None
    phone_number: str | None = None
    network: str | None = None
    country: str | None = None
    account_bank: str | None = None
    redirect_url: str | None = None


class RefundRequest(Struct, frozen=True):
    amount: Decimal
    comments: str


class Link(Struct, frozen=True):
    link: Url


class HostedAnswer(Struct, frozen=True):
    data: Link


class Authorization(Struct, frozen=True, kw_only=True):
    mode: str
    redirect: Url | None = None
    note: str | None = None
    transfer_account: Text | None = None
    transfer_bank: Text | None = None
    transfer_reference: Text | None = None
    transfer_amount: Decimal | None = None
    account_expiration: str | int | None = None


class ChargeMeta(Struct, frozen=True):
    authorization: Authorization


class ChargeData(Struct, frozen=True):
    tx_ref: str | None = None
    payment_code: str | None = None


class ChargeAnswer(Struct, frozen=True):
    """`mobile_money_rwanda` and `_uganda` answer without `data`: nothing is charged before the payer has confirmed."""

    meta: ChargeMeta | None = None
    data: ChargeData | None = None


class Card(Struct, frozen=True):
    type: Text | None = None
    last_4digits: Annotated[str, Meta(pattern=r"^[0-9]{4}$")] | None = None


class Payer(Struct, frozen=True):
    phone_number: str | None = None


class Transaction(Struct, frozen=True, kw_only=True):
    id: int
    tx_ref: Text
    amount: Decimal
    currency: Currency
    status: str
    charged_amount: Decimal | None = None
    app_fee: Decimal | None = None
    processor_response: str | None = None
    card: Card | None = None
    customer: Payer | None = None


class TransactionAnswer(Struct, frozen=True):
    data: Transaction


class Refund(Struct, frozen=True, kw_only=True):
    """`comments` bears our reference: the provider has no field of its own for it."""

    id: int
    tx_id: int
    amount_refunded: Decimal
    status: str
    comments: str | None = None


class RefundAnswer(Struct, frozen=True):
    data: Refund


class RefundsAnswer(Struct, frozen=True):
    data: list[Refund]


class Problem(Struct, frozen=True):
    status: str = "error"
    message: str = ""


Id = Annotated[int, Meta(ge=0, le=2**53)]
Reference = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
State = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z _-]+$")]
EventName = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class CallbackData(Struct, frozen=True):
    id: Id
    status: State
    tx_ref: Reference | None = None


class Callback(Struct, frozen=True):
    event: EventName
    data: CallbackData


class LegacyCallback(Struct, frozen=True, kw_only=True):
    """As older accounts still send it: flat, and in other words."""

    id: Id
    status: State
    tx_ref: Reference = msgspec.field(name="txRef")
