"""What each endpoint takes. A parameter that is not here is refused, as Stripe refuses it.

Stripe takes many more; these are what a payment link needs, by https://docs.stripe.com/api.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1, max_length=5000)]
Short = Annotated[str, Meta(min_length=1, max_length=200)]
Url = Annotated[str, Meta(min_length=1, max_length=5000)]
Currency = Annotated[str, Meta(pattern=r"\A[a-zA-Z]{3}\Z")]
Amount = Annotated[int, Meta(ge=0, le=10**12)]
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=500)]], Meta(max_length=50)
]
Id = Annotated[str, Meta(min_length=1, max_length=255)]


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ProductData(Form, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=250)]
    description: Text | None = None
    metadata: Metadata = {}


class PriceData(Form, frozen=True, kw_only=True):
    currency: Currency
    unit_amount: Amount
    product_data: ProductData


class LineItem(Form, frozen=True, kw_only=True):
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    price_data: PriceData


class PaymentIntentData(Form, frozen=True, kw_only=True):
    metadata: Metadata = {}
    description: Annotated[str, Meta(max_length=1000)] | None = None


class CreateSession(Form, frozen=True, kw_only=True):
    mode: Literal["payment"]
    success_url: Url
    cancel_url: Url | None = None
    client_reference_id: Short | None = None
    customer_email: Annotated[str, Meta(max_length=800)] | None = None
    expires_at: int | None = None
    line_items: Annotated[list[LineItem], Meta(min_length=1, max_length=100)]
    locale: Short | None = None
    metadata: Metadata = {}
    payment_intent_data: PaymentIntentData = PaymentIntentData()
    payment_method_types: list[Literal["card"]] = []
    expand: list[Short] = []


class ExpireSession(Form, frozen=True, kw_only=True):
    expand: list[Short] = []


class Created(Form, frozen=True, kw_only=True):
    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class Listing(Form, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    starting_after: Id | None = None
    ending_before: Id | None = None
    payment_intent: Id | None = None
    created: Created | int | None = None
    expand: list[Short] = []


class ListSessions(Listing, frozen=True, kw_only=True):
    status: Literal["open", "complete", "expired"] | None = None


class ListRefunds(Listing, frozen=True, kw_only=True):
    charge: Id | None = None


class Reading(Form, frozen=True, kw_only=True):
    expand: list[Short] = []


class CreateRefund(Form, frozen=True, kw_only=True):
    payment_intent: Id | None = None
    charge: Id | None = None
    amount: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    metadata: Metadata = {}
    expand: list[Short] = []


class CreateEndpoint(Form, frozen=True, kw_only=True):
    url: Url
    enabled_events: Annotated[list[Short], Meta(min_length=1, max_length=200)]
    api_version: Short | None = None
    description: Annotated[str, Meta(max_length=5000)] | None = None
    metadata: Metadata = {}
