"""What a simulated provider keeps, whichever it is. Amounts are texts, exactly as they were sent, in its own unit."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

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


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A callback as it goes out."""

    method: Literal["POST", "PUT"]
    url: str
    headers: dict[str, str]
    body: bytes


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """`retried`: whether another attempt follows one that failed."""

    row: int = 0
    payment: int
    message: Message
    retried: bool = True
    state: Literal["due", "delivered", "given_up", "dropped"] = "due"
    answers: list[int | str] = []
    created_ms: int
    due_ms: int | None


class Step(msgspec.Struct, frozen=True):
    """A change that is due to happen to a payment by itself."""

    payment: int
    due_ms: int
    status: Literal["succeeded", "failed"]
    reason: str | None = None


Count = Annotated[int, Meta(ge=0, le=100_000)]


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`fail_creates` store nothing; `lose_creates` store the payment and answer 503, `hang_creates` nothing in time."""

    callbacks: Literal["deliver", "drop", "duplicate", "shuffle"] = "deliver"
    callback_times: Annotated[int, Meta(ge=1, le=50)] = 10
    callback_delay_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 0
    approve_after_ms: Annotated[int, Meta(ge=0, le=3_600_000)] | None = None
    fail_creates: Count = 0
    lose_creates: Count = 0
    hang_creates: Count = 0
    hang_ms: Annotated[int, Meta(ge=0, le=600_000)] = 30_000
    expire_tokens: Count = 0


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Callbacks that the control API sends. `status` tells another than the present one, as if it were late."""

    times: Annotated[int, Meta(ge=1, le=100)] = 1
    status: Literal["pending", "succeeded", "failed"] | None = None
    tamper: Tamper | None = None


class Fail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
