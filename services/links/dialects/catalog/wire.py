"""The JSON of the `catalog` document. What it leaves open is written as its framework would: amounts as texts."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

Currency = Literal["USD", "EUR"]
AnyCurrency = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["USD"])]
PricingMode = Literal["TAX_INCLUSIVE", "TAX_EXCLUSIVE"]
Status = Literal["active", "inactive", "expired", "exhausted"]
PaymentStatus = Literal["pending", "paid", "failed"]
Name = Annotated[str, Meta(min_length=1, max_length=200, description="Internal label: no buyer ever sees it.")]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=5000)]
Url = Annotated[str, Meta(min_length=1, max_length=2000)]
Moment = Annotated[str, Meta(max_length=40, description="ISO 8601; without an offset it is UTC.")]
MaxUses = Annotated[int, Meta(ge=1, le=10**9)]
Quantity = Annotated[int, Meta(ge=1, le=10_000)]
Metadata = Annotated[dict[str, Any], Meta(max_length=50)]
ProductId = Annotated[str, Meta(min_length=1, max_length=64, description="A UUID, or the id that begins with prod_.")]
AmountIn = Annotated[Decimal, Meta(description='Major units, as a text or a number: "19.99".')]
AmountOut = Annotated[str, Meta(description='Major units, with at least two decimals: "19.99".')]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Phone = Annotated[str, Meta(min_length=3, max_length=40, pattern=r"^[0-9+(). \-]+$")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")]
Locale = Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]


class LineIn(msgspec.Struct, frozen=True, kw_only=True):
    product_id: ProductId
    quantity: Quantity = 1


class CreateLink(msgspec.Struct, frozen=True, kw_only=True):
    """`pricing_mode` is the organization's, where it is not named. Null is the same as not named."""

    name: Name
    products: Annotated[list[LineIn], Meta(min_length=1, max_length=100)]
    currency: Currency | None = None
    pricing_mode: PricingMode | None = None
    expires_at: Moment | None = None
    max_uses: MaxUses | None = None
    metadata: Metadata | None = None


class PatchLink(msgspec.Struct, frozen=True, kw_only=True):
    """What is named changes. Null clears `expires_at`, `max_uses` and `metadata`. All other names are left alone."""

    name: Name | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    max_uses: MaxUses | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it was when the link was made. `amount` is `unit_price` times `quantity`."""

    product_id: UUID | None
    name: str
    description: str | None
    image_url: str | None
    quantity: int
    unit_price: AmountOut
    amount: AmountOut
    tax_name: str | None
    tax_amount: AmountOut


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """`total` is what a buyer pays; `tax_amount` is part of it, and `subtotal` is the rest."""

    currency: str
    subtotal: AmountOut
    tax_amount: AmountOut
    total: AmountOut


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts are null where the buyer chooses, `pricing_mode` where nothing was taxed as a cart is."""

    id: UUID
    products: list[Product]
    currency: str | None
    pricing_mode: PricingMode | None
    subtotal: AmountOut | None
    tax_amount: AmountOut | None
    total: AmountOut | None


class Link(Priced, frozen=True, kw_only=True):
    """`is_active` is the switch; `status` is whether it can be paid. `revenue` counts what came in `currency`."""

    name: str
    url: str
    is_active: bool
    status: Status
    expires_at: str | None
    max_uses: int | None
    use_count: int
    metadata: dict[str, Any]
    paid_count: int
    revenue: AmountOut
    revenue_by_currency: dict[str, AmountOut]
    created_at: str
    updated_at: str


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Payments are tries to pay. `revenue` is in `currency`; only what counts as a use is in it."""

    paid_count: int
    revenue: AmountOut
    currency: str | None
    revenue_by_currency: dict[str, AmountOut]
    last_paid_at: str | None
    remaining_uses: int | None
    payments_total: int
    payments_paid: int
    payments_pending: int
    payments_failed: int


class LinkWithStats(Link, frozen=True, kw_only=True):
    stats: Stats


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `next` and `previous` are the addresses of the pages beside this one."""

    count: int
    next: str | None
    previous: str | None
    results: list[Link]


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """The buyer's name and address are known once it is paid."""

    id: UUID
    status: PaymentStatus
    amount: AmountOut
    currency: str
    payment_method: str
    email: str | None
    name: str | None
    phone: str | None
    receipt_number: str | None
    failure_reason: str | None
    created_at: str
    updated_at: str


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Payment]


class Preview(Priced, frozen=True, kw_only=True):
    """What anybody may see. `totals` has the same cart in every currency that it sells in, the link's own first."""

    title: str
    description: str | None
    organization_name: str
    organization_logo_url: str | None
    totals: list[Total]
    expires_at: str | None
    url: str


class _Billing(msgspec.Struct, frozen=True, kw_only=True):
    """The address is taken down when street, city and country are all there."""

    email: Email
    name: Line | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    phone: Phone | None = None
    address_line1: Line | None = None
    address_line2: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Annotated[str, Meta(min_length=1, max_length=20)] | None = None
    country: Country | None = None
    success_url: Url | None = None
    cancel_url: Url | None = None
    locale: Locale | None = None


class Start(_Billing, frozen=True, kw_only=True):
    """`currency` is one of the preview's `totals`. `amount` only where the buyer chooses it."""

    currency: AnyCurrency | None = None
    amount: AmountIn | None = None
    coupon_code: Annotated[str, Meta(pattern="^[!-~]{1,40}$")] | None = None


class LineItem(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in no catalog; taxes are in `unit_price` already."""

    name: Line
    unit_price: AmountIn
    quantity: Quantity = 1
    description: Text | None = None
    image_url: Url | None = None


class CreateCheckout(_Billing, frozen=True, kw_only=True):
    """Redirects are the merchant's own here, so they may lead anywhere."""

    line_items: Annotated[list[LineItem], Meta(min_length=1, max_length=100)]
    currency: Currency | None = None
    title: Line | None = None
    reference: Line | None = None
    metadata: Metadata | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The buyer goes on at `checkout_url`; `token` reads and pays the session over the API of checkout."""

    id: UUID
    payment_link: UUID
    checkout_url: str
    token: str
    expires_at: str


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """`organization_id` for members of more than one; `livemode` for the mode that is not the installation's own."""

    email: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    organization_id: UUID | None = None
    livemode: bool | None = None


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Goes along as `Authorization: Token <access_token>`."""

    access_token: str
    token_type: Literal["Token"] = "Token"  # noqa: S105 - the scheme's name
    expires_at: str
    organization: Organization


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """`code` never changes. `reason` and `since` say why a link is unavailable."""

    detail: str
    code: str
    reason: str | UnsetType = UNSET
    since: str | UnsetType = UNSET


Wrong = dict[str, list[str]]
"""What cannot be accepted: by field, or under `non_field_errors`."""
