"""What a ledger keeps. Amounts are texts, exactly as they were sent, in its own unit."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from deploy.simulators.callbacks.faults import CallbackFaults, Count, Milliseconds
from deploy.simulators.control.access import Times

Status = Literal["open", "pending", "succeeded", "failed"]
Tamper = Literal["amount", "currency", "reference", "signature"]


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """`open`: at a hosted page that nobody has tried to pay at. `reference` is the merchant's, unique per account."""

    row: int = 0
    account: str
    reference: str
    amount: str
    currency: str
    method: str
    status: Status = "pending"
    reason: str | None = None
    phone: str | None = None
    callback_url: str | None = None
    return_url: str | None = None
    captured: int = 0
    details: dict[str, Any] = {}
    created_ms: int
    updated_ms: int


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    row: int = 0
    account: str
    reference: str
    payment: int
    amount: str
    currency: str
    status: Literal["pending", "succeeded", "failed"] = "pending"
    reason: str | None = None
    note: str = ""
    created_ms: int


class Step(msgspec.Struct, frozen=True):
    """A change that is due to happen to a payment by itself."""

    payment: int
    due_ms: int
    status: Literal["succeeded", "failed"]
    reason: str | None = None


class LedgerFaults(CallbackFaults, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`fail_creates` store nothing; `lose_creates` store the payment and answer 503, `hang_creates` nothing in time."""

    approve_after_ms: Milliseconds | None = None
    fail_creates: Count = 0
    lose_creates: Count = 0
    hang_creates: Count = 0
    hang_ms: Milliseconds = 30_000
    expire_tokens: Count = 0


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Callbacks that the control API sends. `status` tells another than the present one, as if it were late."""

    times: Times = 1
    status: Literal["pending", "succeeded", "failed"] | None = None
    tamper: Tamper | None = None


class Fail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
