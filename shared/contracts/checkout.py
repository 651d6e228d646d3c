"""What `checkout` says on the bus."""

from datetime import datetime
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

import msgspec

from shared.contracts.envelope import Event
from shared.contracts.links import MerchantView, Method, RefusalReason
from shared.kernel.money import Money

FailureReason = Literal[
    "declined",
    "insufficient_funds",
    "rejected_by_payer",
    "expired",
    "payer_not_found",
    "authentication_failed",
    "provider_error",
    "not_started",
]

ReviewReason = Literal["not_counted", "refund_failed"]
"""It came too late or over the cap, or the session was paid before; or the policy's refund was refused."""

RefundOrigin = Literal["merchant", "policy", "provider"]
"""Who began it: the merchant here, the link's policy for late payments, or somebody at the provider's dashboard."""

METHODS_TAKEN: Final[dict[bool, tuple[Method, ...]]] = {
    False: ("mobile_money", "card", "ussd", "bank_transfer"),
    True: (),
}
"""What is taken without any account that a merchant has connected: in test mode (False) by the sandbox, live (True) by
nobody. Facts about provider accounts tell what else is. A test holds checkout to it."""


class CustomerView(msgspec.Struct, frozen=True):
    email: str | None = None
    name: str | None = None
    phone: str | None = None


class BuyerView(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays what, and whom: what a mail to them needs, so that nobody has to ask back."""

    customer: CustomerView
    locale: str
    link_slug: str
    link_title: str
    merchant: MerchantView


class SessionEvent(Event, frozen=True, kw_only=True):
    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "session"

    session_id: UUID
    total: Money
    livemode: bool | None = None
    """None in facts from before this was told."""


class SessionOpened(SessionEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "opened"

    expires_at: datetime


class SessionExpired(SessionEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "expired"


class SessionAbandoned(SessionEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "abandoned"


class ChargeEvent(Event, frozen=True, kw_only=True):
    """`version` counts the charge's changes: of two facts about one charge the higher version is the later one.

    `pending_since` is when it became pending, in facts that say how that ended; None: it was not, or nobody told.
    """

    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "charge"

    charge_id: UUID
    session_id: UUID
    version: int
    total: Money
    method: Method
    provider: str
    livemode: bool
    at: datetime


class ChargeCreated(ChargeEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "created"


class ChargePending(ChargeEvent, frozen=True, kw_only=True):
    """The provider accepted it. The use stays held until `pending_until`, and longer if it is still pending then."""

    fact: ClassVar[str] = "pending"

    pending_until: datetime


class ChargeSucceeded(ChargeEvent, frozen=True, kw_only=True):
    """The money was captured. Carries what a receipt needs, so that nobody has to ask back."""

    fact: ClassVar[str] = "succeeded"

    customer: CustomerView
    link_title: str
    merchant_name: str
    merchant_support_email: str | None = None
    locale: str = "en"
    timezone: str = "UTC"
    receipt_number: str
    payer_hint: str | None = None
    late: bool = False
    merchant_color: str | None = None
    pending_since: datetime | None = None


class ChargeFailed(ChargeEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "failed"

    reason: FailureReason
    buyer: BuyerView | None = None
    pending_since: datetime | None = None


class ChargeExpired(ChargeEvent, frozen=True, kw_only=True):
    """The provider says that the payer did not act in time."""

    fact: ClassVar[str] = "expired"

    buyer: BuyerView | None = None
    pending_since: datetime | None = None


class CallbackRefused(Event, frozen=True, kw_only=True):
    """A provider's message changed nothing; `verdict` says why. The raw bytes are kept in the inbox of callbacks."""

    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "callback"
    fact: ClassVar[str] = "refused"

    callback_id: UUID
    provider: str
    verdict: Literal["bad_signature", "malformed", "duplicate", "unknown_reference", "amount_mismatch", "out_of_order"]
    charge_id: UUID | None = None


class Taken(msgspec.Struct, frozen=True):
    """A method that an account takes. `currencies` None: every one."""

    method: Method
    currencies: tuple[str, ...] | None = None


class ProviderAccountEvent(Event, frozen=True, kw_only=True):
    """`takes` is empty while the account is disabled. Of two facts about one account the higher version is later."""

    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "provider_account"

    account_id: UUID
    provider: str
    livemode: bool
    version: int
    takes: tuple[Taken, ...]


class ProviderAccountConnected(ProviderAccountEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "connected"


class ProviderAccountUpdated(ProviderAccountEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "updated"


class ProviderAccountDisconnected(ProviderAccountEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "disconnected"


class RefundEvent(Event, frozen=True, kw_only=True):
    """`amount` is this refund's alone."""

    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "refund"

    refund_id: UUID
    charge_id: UUID
    session_id: UUID
    amount: Money
    provider: str
    livemode: bool
    at: datetime
    reason: str | None = None
    origin: RefundOrigin = "merchant"


class RefundCreated(RefundEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "created"


class RefundSucceeded(RefundEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "succeeded"


class RefundFailed(RefundEvent, frozen=True, kw_only=True):
    """`failure` is the provider's word, or ours where it never answered.

    `refunded` is there where the refund had succeeded before: what is given back of the charge in all, now without it.
    """

    fact: ClassVar[str] = "failed"

    failure: str
    refunded: Money | None = None


class CapturedEvent(Event, frozen=True, kw_only=True):
    """About money that was captured: the charge itself stays succeeded."""

    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "charge"

    charge_id: UUID
    session_id: UUID
    total: Money
    livemode: bool
    at: datetime


class ChargeRefunded(CapturedEvent, frozen=True, kw_only=True):
    """`amount` went back by this refund; `refunded` is what has gone back in all, this refund included."""

    fact: ClassVar[str] = "refunded"

    refund_id: UUID
    amount: Money
    refunded: Money


class ChargeNeedsReview(CapturedEvent, frozen=True, kw_only=True):
    """To be kept, or given back."""

    fact: ClassVar[str] = "needs_review"

    reason: ReviewReason


class ChargeAccepted(CapturedEvent, frozen=True, kw_only=True):
    """It counts as a use if there is room for one. `by` is who decided."""

    fact: ClassVar[str] = "accepted"

    by: str


class ChargeDisputed(CapturedEvent, frozen=True, kw_only=True):
    """`amount` is what the payer wants back; `reason` is in the provider's words."""

    fact: ClassVar[str] = "disputed"

    dispute_id: UUID
    amount: Money
    reason: str


class DisputeClosed(Event, frozen=True, kw_only=True):
    """Won: the money is the merchant's again."""

    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "dispute"
    fact: ClassVar[str] = "closed"

    dispute_id: UUID
    charge_id: UUID
    session_id: UUID
    outcome: Literal["won", "lost"]
    amount: Money
    livemode: bool
    at: datetime


# Requests and answers


class AddressView(msgspec.Struct, frozen=True):
    """`country` is ISO 3166-1 alpha-2."""

    line1: str
    city: str
    country: str
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None


class OpenCheckoutSession(msgspec.Struct, frozen=True, kw_only=True):
    """Opens a session for a buyer on behalf of another service, by `link_id` or `slug`.

    The session redirects to `success_url` and `cancel_url` instead of to the link's own (None: to those). Who asks has
    checked that they may be redirected to, and that the texts are within bounds. The same `idempotency_key` and request
    again is the same session.
    """

    link_id: UUID | None = None
    slug: str | None = None
    customer: CustomerView = CustomerView()
    address: AddressView | None = None
    amount_minor: int | None = None
    currency: str | None = None
    coupon_code: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    locale: str | None = None
    idempotency_key: str | None = None


class SessionIsOpen(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="open"):
    """`url` is the session's page, and bears the token."""

    session_id: UUID
    url: str
    token: str
    expires_at: datetime


class SessionRefused(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="refused"):
    """`code` and `values` are those of the problem that the JSON API would answer; `reason` and `since` of a link."""

    code: str
    reason: RefusalReason | None = None
    since: datetime | None = None
    values: dict[str, Any] = {}


OpenSessionReply = SessionIsOpen | SessionRefused
