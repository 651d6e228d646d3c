"""What is kept of a callback and of each attempt to deliver it."""

from typing import Literal

import msgspec

CallbackState = Literal["due", "delivered", "given_up", "dropped"]


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """One message to a receiver; a duplicate is another row with the same `event_id`. `row` is 0 until it is stored.

    `payment` is what it is about, in the provider's own ids.
    """

    row: int = 0
    event_id: str
    payment: str
    account: str
    type: str
    url: str
    body: bytes
    forged: bool = False
    retried: bool = True
    state: CallbackState = "due"
    attempts: int = 0
    created_ms: int
    due_ms: int | None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is what the receiver answered; without an answer it is null and `error` says why."""

    callback: int
    at_ms: int
    duration_ms: int
    status: int | None
    error: str | None
