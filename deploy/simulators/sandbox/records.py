"""What the provider keeps. A card number is never part of it: only its brand and its last four digits."""

from typing import Literal

import msgspec

Status = Literal["pending", "requires_action", "succeeded", "failed"]
FailureCode = Literal[
    "declined", "insufficient_funds", "rejected_by_payer", "expired", "payer_not_found", "authentication_failed"
]
Method = Literal["mobile_money", "card", "ussd", "bank_transfer"]
EventType = Literal["payment.pending", "payment.succeeded", "payment.failed"]
MoneyBackType = Literal["refund.succeeded", "refund.failed", "dispute.open", "dispute.won", "dispute.lost"]
RefundStatus = Literal["pending", "succeeded", "failed"]
CallbackStyle = Literal["normal", "lost", "duplicate", "reordered", "duplicate_reordered", "wrong_amount"]
Tamper = Literal["amount", "currency", "reference", "signature", "account"]
# Which page a payment that requires action waits at.
Stage = Literal["card", "3ds"]


class Card(msgspec.Struct, frozen=True):
    brand: str
    last4: str


class Prompt(msgspec.Struct, frozen=True, tag_field="type", tag="prompt"):
    phone: str
    expires_at: str


class Redirect(msgspec.Struct, frozen=True, tag_field="type", tag="redirect"):
    url: str


class Dial(msgspec.Struct, frozen=True, tag_field="type", tag="dial"):
    code: str
    expires_at: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="transfer"):
    """`amount` is in minor units."""

    bank: str
    account_number: str
    account_name: str
    amount: int
    currency: str
    reference: str
    expires_at: str


NextAction = Prompt | Redirect | Dial | Transfer


class Account(msgspec.Struct, frozen=True):
    id: str
    reference: str
    name: str
    api_key: str
    publishable_key: str
    webhook_secret: str


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account: str
    reference: str
    status: Status
    amount: int
    currency: str
    method: Method
    phone: str | None = None
    card: Card | None = None
    failure_code: FailureCode | None = None
    next_action: NextAction | None = None
    version: int = 1
    created_ms: int
    updated_ms: int
    stage: Stage | None = None
    callback_style: CallbackStyle = "normal"
    callback_url: str | None = None
    return_url: str | None = None
    description: str | None = None
    metadata: dict[str, str] = {}

    @property
    def final(self) -> bool:
        return self.status in {"succeeded", "failed"}


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """`due_ms` is when it becomes `will`; None when nobody knows, or it is over."""

    id: str
    account: str
    payment: str
    reference: str
    amount: int
    currency: str
    status: RefundStatus
    reason: str | None = None
    failure_code: str | None = None
    will: Literal["succeeded", "failed"] = "succeeded"
    due_ms: int | None = None
    silent: bool = False
    created_ms: int
    updated_ms: int


class Step(msgspec.Struct, frozen=True):
    """A change that is due to happen to a payment by itself."""

    payment: str
    due_ms: int
    status: Literal["succeeded", "failed"]
    failure_code: FailureCode | None = None


class Token(msgspec.Struct, frozen=True):
    """A tokenized card: which literal token it acts like, and for which account."""

    id: str
    account: str
    acts_like: str
    expires_ms: int
    used: bool = False


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    callbacks: Literal["deliver", "drop", "duplicate", "shuffle"] = "deliver"
    callback_times: int = 10
    approve_after_ms: int = 1_000
    fail_creates: int = 0
    fail_refunds: int = 0
