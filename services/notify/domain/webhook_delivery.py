"""One event on its way to one endpoint."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.notify.domain.webhook_attempt import DeliveryState


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """`attempts` counts all of them, also those before a redelivery. `next_attempt_at` None: none is planned."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    link_id: UUID | None
    state: DeliveryState
    attempts: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class PastAttempt(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    at: datetime
    duration_ms: int
    request_headers: dict[str, str]
    status: int | None
    error: str | None
    response_body: str


class DeliveryDetail(msgspec.Struct, frozen=True, kw_only=True):
    """With the request's body, as it was signed, and every attempt, the first one first."""

    delivery: Delivery
    url: str
    payload: bytes
    attempts: tuple[PastAttempt, ...]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent next in one lane: an endpoint's events about one link.

    `attempts` were made since `opened_at`; `number` counts all of them.
    """

    delivery_id: UUID
    endpoint_id: UUID
    lane: UUID
    org_id: UUID
    event_id: UUID
    event_type: str
    livemode: bool
    url: str
    secret: bytes
    previous_secret: bytes | None
    previous_until: datetime | None
    payload: bytes
    attempts: int
    number: int
    opened_at: datetime
