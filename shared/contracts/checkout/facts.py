"""What happened to sessions, charges, refunds, disputes, callbacks and provider accounts."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.checkout.views import BuyerView, CustomerView, FailureReason, RefundOrigin, ReviewReason, Taken
from shared.contracts.envelope import Event
from shared.contracts.links import Method, PlanView
from shared.kernel.money import Money


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
    plan: PlanView | None = None
    """What the link was priced by when the buyer began, if that was a plan."""


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
