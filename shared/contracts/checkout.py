"""What `checkout` says on the bus."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.contracts.envelope import Event
from shared.contracts.links import Method
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


class CustomerView(msgspec.Struct, frozen=True):
    email: str | None = None
    name: str | None = None
    phone: str | None = None


class SessionEvent(Event, frozen=True, kw_only=True):
    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "session"

    session_id: UUID
    total: Money


class SessionOpened(SessionEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "opened"

    expires_at: datetime


class SessionExpired(SessionEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "expired"


class SessionAbandoned(SessionEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "abandoned"


class ChargeEvent(Event, frozen=True, kw_only=True):
    """`version` counts the charge's changes: of two facts about one charge the higher version is the later one."""

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


class ChargeFailed(ChargeEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "failed"

    reason: FailureReason


class ChargeExpired(ChargeEvent, frozen=True, kw_only=True):
    """The provider says that the payer did not act in time."""

    fact: ClassVar[str] = "expired"


class CallbackRefused(Event, frozen=True, kw_only=True):
    """A provider's message changed nothing; `verdict` says why. The raw bytes are kept in the inbox of callbacks."""

    owner: ClassVar[str] = "checkout"
    entity: ClassVar[str] = "callback"
    fact: ClassVar[str] = "refused"

    callback_id: UUID
    provider: str
    verdict: Literal["bad_signature", "malformed", "duplicate", "unknown_reference", "amount_mismatch", "out_of_order"]
    charge_id: UUID | None = None
