"""What a page shows, as plain data: no store rows, no HTML. Times are aware; amounts are minor units."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from services.checkout.domain.banks import Bank
from services.checkout.domain.charge import PendingReason
from services.checkout.web.bill_parts import Bill, Coupon, FixedPrice
from shared.contracts.checkout import FailureReason
from shared.contracts.links import Method, RefusalReason
from shared.kernel.money import Money
from shared.web.slots import ATTEMPT_SLOT

Need = Literal["required", "optional", "no"]
ErrorCode = Literal[
    # of a field
    "required",
    "email_invalid",
    "phone_invalid",
    "too_long",
    "choice_invalid",
    "amount_invalid",
    "amount_ambiguous",
    "amount_decimals",
    "amount_too_small",
    "amount_too_large",
    "card_invalid",
    "coupon_unknown",
    "coupon_expired",
    "coupon_used_up",
    "coupon_other_currency",
    "coupon_not_allowed",
    "coupon_leaves_nothing",
    # of the whole form
    "method_unavailable",
    "prompt_active",
    "provider_unavailable",
    "charge_under_way",
    "pay_again_unconfirmed",
    "waiting_unconfirmed",
    "price_changed",
    "try_again",
]
SessionState = Literal[
    "prompt_sent",
    "redirecting",
    "dial",
    "transfer",
    "processing",
    "failed",
    "expired",
    "abandoned",
    "paid",
    "under_review",
    "refunding",
    "refunded",
    "charged_back",
]


class Merchant(Struct, frozen=True):
    """`color` is used where it is `#rrggbb`, `logo_url` where it is https or ours; else both are ignored."""

    name: str
    logo_url: str | None = None
    color: str | None = None
    support_email: str | None = None


class ChosenPrice(Struct, frozen=True):
    """The buyer types the amount (flexible, open). Several `currencies`: the buyer picks one, field `currency`."""

    currencies: tuple[str, ...]
    min_minor: int | None = None
    max_minor: int | None = None


Price = FixedPrice | ChosenPrice


class Collect(Struct, frozen=True):
    email: Need = "optional"
    name: Need = "no"
    phone: Need = "no"
    address: Need = "no"


class CardField(Struct, frozen=True):
    """`frame_url` is the provider's card field with its query; None: cards are paid on the provider's own page."""

    frame_url: str | None = None


class FieldError(Struct, frozen=True):
    """`field` is the posted name (`email`, `mobile_phone`, `card`), or `form` for the whole.

    `minor` of `currency` is the bound that amount_too_small and amount_too_large name.
    """

    field: str
    code: ErrorCode
    minor: int | None = None
    currency: str | None = None


class RecentPayment(Struct, frozen=True):
    """This buyer paid this link a moment ago: the page asks before it takes money again (field `pay_again`).

    Without `paid_at` the payment is still under way. `url` is its page.
    """

    paid_at: datetime | None
    url: str


class CheckoutView(Struct, frozen=True, kw_only=True):
    """`values` are posted texts by field name, shown again as they were typed. `price` is after the `coupon`.

    `attempt` goes along in the hidden field `attempt`; by default it is the slot that `PreparedPage.fill` fills.
    `kept` is the query without which another language would show another page. `coupon_asked`: the buyer has just
    asked for the coupon, or for none.
    """

    path: str
    kept: str = ""
    merchant: Merchant
    title: str
    price: Price
    methods: tuple[Method, ...]
    livemode: bool
    description: str | None = None
    image_url: str | None = None
    uses_left: int | None = None
    expires_at: datetime | None = None
    time_zone: str = "UTC"
    collect: Collect = Collect()
    countries: tuple[str, ...] = ()
    banks: tuple[Bank, ...] = ()
    card: CardField = CardField()
    values: dict[str, str] = {}
    errors: tuple[FieldError, ...] = ()
    attempt: str = ATTEMPT_SLOT
    recent_payment: RecentPayment | None = None
    cancel_url: str | None = None
    docs_url: str | None = None
    bill: Bill = Bill()
    coupons: bool = False
    coupon: Coupon | None = None
    coupon_asked: bool = False


class Retry(Struct, frozen=True, kw_only=True):
    """A second try is safe now.

    With `phone` the page has a form that posts `method=mobile_money`, `mobile_phone`, `mobile_country` and `attempt`
    to the session's path; `other_url` goes back to the choice of methods.
    """

    phone: str | None = None
    country: str = ""
    attempt: str = ATTEMPT_SLOT
    error: FieldError | None = None
    other_url: str | None = None


class GivenBack(Struct, frozen=True):
    """All that went back so far (or that banks took), and when the last of it did."""

    amount: Money
    at: datetime


class Receipt(Struct, frozen=True, kw_only=True):
    """`payer_hint` is the end of the number or card, at most 4 digits; `brand` of a card, as in `visa`."""

    reference: str
    paid_at: datetime
    method: Method
    payer_hint: str | None = None
    brand: str | None = None
    email: str | None = None
    given_back: GivenBack | None = None
    charged_back: GivenBack | None = None


class TransferShown(Struct, frozen=True, kw_only=True):
    """The account that the buyer sends the total to. `sent_url` is where the buyer who has sent it waits.

    `late`: the time for it is over, and nothing should be sent any more.
    """

    bank: str
    account_number: str
    account_name: str | None
    amount: Money
    reference: str | None
    sent_url: str
    late: bool = False


class SessionView(Struct, frozen=True, kw_only=True):
    """`version` is any text that changes whenever the page would look different: the stream and the poll say it.

    `pending` is what an unfinished payment waits for.
    `back_url` is of a buyer who has done their part and waits: back to the account, or to the way to the provider.
    """

    path: str
    kept: str = ""
    state: SessionState
    version: str
    merchant: Merchant
    title: str
    minor: int
    currency: str
    livemode: bool
    now: datetime
    time_zone: str = "UTC"
    pending: PendingReason | None = None
    method: Method | None = None
    phone: str | None = None
    action_expires_at: datetime | None = None
    redirect_url: str | None = None
    dial_code: str | None = None
    transfer: TransferShown | None = None
    back_url: str | None = None
    failure: FailureReason | None = None
    retry: Retry | None = None
    receipt: Receipt | None = None
    stream_url: str | None = None
    poll_url: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    restart_url: str | None = None
    change_url: str | None = None


class ChangeView(Struct, frozen=True, kw_only=True):
    """Asks before a payment is called off that waits for approval: on `phone`, or at the provider's page.

    The form posts to `path`; `back_url` is the page of the payment that goes on.
    """

    path: str
    merchant: Merchant
    title: str
    livemode: bool
    back_url: str
    phone: str | None = None
    error: FieldError | None = None


class NoProviderView(Struct, frozen=True, kw_only=True):
    """Answered with 409: nobody is connected who could take the money. `providers` are those that the link names."""

    path: str
    livemode: bool
    merchant: Merchant
    title: str
    providers: tuple[str, ...] = ()


class RefusalView(Struct, frozen=True, kw_only=True):
    """Answered with 410. `since` is when the link began to refuse; for not_started `starts_at` says until when."""

    path: str
    reason: RefusalReason
    livemode: bool
    merchant: Merchant
    title: str
    since: datetime | None = None
    starts_at: datetime | None = None
    time_zone: str = "UTC"


class HeldView(Struct, frozen=True, kw_only=True):
    """Answered with 409: every use that is left is held by a buyer who is paying right now."""

    path: str
    livemode: bool
    merchant: Merchant
    title: str
    now: datetime
    retry_at: datetime
    time_zone: str = "UTC"


class ProblemView(Struct, frozen=True, kw_only=True):
    """bad_request 400, 408 or 413, not_found 404, forbidden 403, rate_limited 429, unavailable 503, broken 500.

    `request_id` helps support.
    """

    path: str
    kind: Literal["bad_request", "not_found", "forbidden", "rate_limited", "unavailable", "broken"]
    request_id: str | None = None
