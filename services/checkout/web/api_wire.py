"""The JSON of checkout's public API: what comes in, bounded, and what goes out."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from services.checkout.domain.charge import PendingReason
from services.checkout.domain.lifecycle import ChargeStatus, SessionStatus
from services.checkout.domain.session import Address
from shared.contracts.checkout import CustomerView, FailureReason
from shared.contracts.links import CollectView, Method, TaxMode
from shared.kernel.money import MINOR_MAX, Money

Email = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]+$")
]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
PhoneText = Annotated[str, Meta(min_length=3, max_length=40, examples=["+256772123456"])]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
CouponCode = Annotated[str, Meta(pattern=r"^[!-~]{1,40}$", examples=["WELCOME10"])]


class CustomerBody(Struct, frozen=True, forbid_unknown_fields=True):
    email: Email | None = None
    name: Name | None = None
    phone: PhoneText | None = None


class AddressBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`country` is ISO 3166-1 alpha-2."""

    line1: Line
    city: Line
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    line2: Line | None = None
    region: Line | None = None
    postal_code: Annotated[str, Meta(min_length=1, max_length=20)] | None = None


class OpenSessionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`amount_minor` only where the buyer chooses the amount.

    `currency` where the link names none, or for one of the other currencies of a cart. `coupon_code` where the link
    takes coupons.
    """

    customer: CustomerBody = CustomerBody()
    address: AddressBody | None = None
    amount_minor: Annotated[int, Meta(ge=1, le=MINOR_MAX)] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    coupon_code: CouponCode | None = None
    locale: Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = None


class PayBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Mobile money needs `phone`. A card needs the `card_token` of the provider's field, or goes by its page.

    `ussd` needs the code of the `bank` where the currency has a list of them. A bank transfer needs nothing.
    """

    method: Method
    phone: PhoneText | None = None
    card_token: Annotated[str, Meta(pattern="^tok_[A-Za-z0-9_]{1,60}$")] | None = None
    bank: Annotated[str, Meta(pattern="^[0-9]{3,6}$", examples=["058"])] | None = None


class MerchantOut(Struct, frozen=True):
    name: str
    logo_url: str | None
    color: str | None
    support_email: str | None


class FixedOut(Struct, frozen=True, tag_field="type", tag="fixed"):
    amount_minor: int
    currency: str


class ItemOut(Struct, frozen=True):
    name: str
    description: str | None
    image_url: str | None


class ProductOut(Struct, frozen=True, tag_field="type", tag="product"):
    product: ItemOut
    amount_minor: int
    currency: str


class FlexibleOut(Struct, frozen=True, tag_field="type", tag="flexible"):
    currency: str
    min_minor: int | None
    max_minor: int | None


class OpenOut(Struct, frozen=True, tag_field="type", tag="open"):
    currency: str | None


class PlanOut(Struct, frozen=True, tag_field="type", tag="plan"):
    """Every `interval_count` intervals (`day`, `week`, `month`, `quarter`, `year`); the first payment is made now."""

    name: str
    amount_minor: int
    currency: str
    interval: str
    interval_count: int


class CartItemOut(Struct, frozen=True, kw_only=True):
    """`tax_minor` is the tax of the whole line."""

    name: str
    description: str | None
    image_url: str | None
    quantity: int
    unit_minor: int
    tax_minor: int
    tax_name: str | None


class CartTotalOut(Struct, frozen=True):
    """The same cart in another currency: name it as `currency` when opening a session."""

    amount_minor: int
    currency: str
    tax_minor: int


class CartOut(Struct, frozen=True, kw_only=True, tag_field="type", tag="cart"):
    """`amount_minor` includes the tax. It is part of each `unit_minor` when `inclusive`, else on top."""

    items: tuple[CartItemOut, ...]
    amount_minor: int
    currency: str
    tax_mode: TaxMode
    tax_minor: int
    also: tuple[CartTotalOut, ...]


PricingOut = FixedOut | ProductOut | FlexibleOut | OpenOut | PlanOut | CartOut


class LinkOut(Struct, frozen=True, kw_only=True):
    """`total` is null where the buyer chooses the amount; `uses_remaining` where there is no limit."""

    slug: str
    title: str
    description: str | None
    merchant: MerchantOut
    pricing: PricingOut
    total: Money | None
    methods: tuple[Method, ...]
    collect: CollectView
    coupons_allowed: bool
    state: Literal["active"] = "active"
    uses_remaining: int | None
    expires_at: datetime | None
    livemode: bool


class SessionLinkOut(Struct, frozen=True):
    slug: str
    title: str
    description: str | None
    merchant: MerchantOut
    methods: tuple[Method, ...]
    success_url: str | None
    cancel_url: str | None
    pricing: PricingOut


class DiscountOut(Struct, frozen=True):
    """What the coupon takes off; `total` is what is left."""

    code: str
    amount_minor: int


class PromptOut(Struct, frozen=True, tag_field="type", tag="prompt"):
    """Asked on the phone: the buyer approves there."""

    phone: str
    expires_at: datetime


class RedirectOut(Struct, frozen=True, tag_field="type", tag="redirect"):
    """The buyer goes on at this page of the provider."""

    url: str


class DialOut(Struct, frozen=True, tag_field="type", tag="dial"):
    """The buyer dials this USSD code, and approves there."""

    code: str
    expires_at: datetime | None


class TransferOut(Struct, frozen=True, kw_only=True, tag_field="type", tag="transfer"):
    """The buyer sends exactly this amount to this bank account."""

    bank: str
    account_number: str
    account_name: str | None
    amount: Money
    reference: str | None
    expires_at: datetime | None


class WaitOut(Struct, frozen=True, tag_field="type", tag="wait"):
    """The provider has not said anything yet; read again, or listen to `events`."""


class NoneOut(Struct, frozen=True, tag_field="type", tag="none"):
    """Nothing is under way: paid, over, or (`open`) ready for a try."""


NextActionOut = PromptOut | RedirectOut | DialOut | TransferOut | WaitOut | NoneOut


class ChargeOut(Struct, frozen=True, kw_only=True):
    """`pending_reason`: what it waits for, while it is under way; `pending_text` says so in the session's language."""

    id: UUID
    status: ChargeStatus
    method: Method
    pending_reason: PendingReason | None
    pending_text: str | None
    failure_reason: FailureReason | None
    payer_hint: str | None
    created_at: datetime


class ReceiptOut(Struct, frozen=True):
    number: str
    url: str


class SessionOut(Struct, frozen=True, kw_only=True):
    """`version` grows whenever the payment moves. `total` is after the discount.

    What becomes of the money afterwards stands beside `status`, which stays `paid`: `review` is `open` while the
    merchant decides about money that came too late, `refunding` is on its way back, `refunded` has gone back, and
    `charged_back` was taken back by the payer's bank: disputes that were lost.

    `url` bears the token: who has it can read and pay this session.
    """

    id: UUID
    status: SessionStatus
    version: int
    link: SessionLinkOut
    total: Money
    discount: DiscountOut | None
    customer: CustomerView
    address: Address | None
    livemode: bool
    locale: str
    charge: ChargeOut | None
    next_action: NextActionOut
    receipt: ReceiptOut | None
    review: Literal["open"] | None
    refunding: Money | None
    refunded: Money | None
    charged_back: Money | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    url: str


class OpenedOut(SessionOut, frozen=True, kw_only=True):
    """`token` goes along as `Authorization: Bearer` from now on."""

    token: str


class CallbackOut(Struct, frozen=True):
    received: bool = True


OPEN_SESSION: Final = msgspec.json.Decoder(OpenSessionBody)
PAY: Final = msgspec.json.Decoder(PayBody)
ENCODER: Final = msgspec.json.Encoder()
