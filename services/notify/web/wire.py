"""What the webhook routes read and write."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.notify.domain.webhook_endpoint import OVERLAP_SECONDS_DEFAULT, OVERLAP_SECONDS_MAX, URL_CHARS_MAX

Url = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=URL_CHARS_MAX,
        description="Absolute https; in test mode also http. It must lead to the public internet.",
    ),
]
Description = Annotated[str, Meta(max_length=200)]
EventFilters = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=64)]],
    Meta(
        min_length=1,
        max_length=50,
        description="Names such as `charge.succeeded`, a whole family such as `charge.*`, or `*`. See docs/events.md.",
    ),
]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset or Z.")]
DisabledReason = Literal["by_hand", "gone", "failing"]
DeliveryState = Literal["pending", "delivered", "failed"]


class CreateWebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Url
    description: Description | None = None
    events: EventFilters = msgspec.field(default_factory=lambda: ["*"])
    enabled: bool = True


class PatchWebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only what is named changes."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    events: EventFilters | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class RotateSecret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For `overlap_seconds` every request bears two signatures: one by the new secret, one by the old."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX)] = OVERLAP_SECONDS_DEFAULT


class RedeliverRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was written down from `from` on and before `to`. `after` goes on where a large range was left."""

    from_: Moment = msgspec.field(name="from")
    to: Moment
    only_failed: bool = True
    after: UUID | None = None


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`disabled_reason`: `by_hand`, `gone` (it answered 410) or `failing` (for days nothing arrived).

    `failing_since`: every attempt since then has failed. `previous_secret_until`: until then requests are also signed
    with the secret before.
    """

    id: UUID
    url: str
    description: str | None
    events: list[str]
    enabled: bool
    disabled_reason: DisabledReason | None
    disabled_at: datetime | None
    failing_since: datetime | None
    previous_secret_until: datetime | None
    livemode: bool
    created_at: datetime
    updated_at: datetime


class NewWebhookEndpoint(WebhookEndpoint, frozen=True, kw_only=True):
    """`secret` is shown this once."""

    secret: str


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """`webhook_id` is the header of that name. `last_status` and `last_error` are those of the last attempt."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    webhook_id: str
    event: str
    link_id: UUID | None
    state: DeliveryState
    attempts: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class WebhookAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """`response_body` is the beginning of it, at most 2,000 bytes."""

    number: int
    at: datetime
    duration_ms: int
    request_headers: dict[str, str]
    status: int | None
    error: str | None
    response_body: str


class WebhookDeliveryDetail(WebhookDelivery, frozen=True, kw_only=True):
    """`request_body` as it is signed and sent. `attempt_log` holds the newest hundred attempts, the oldest first."""

    url: str
    request_body: str
    attempt_log: list[WebhookAttempt]


class Redelivered(msgspec.Struct, frozen=True, kw_only=True):
    """`next_after`: there is more than is done at once; ask again with it as `after`."""

    count: int
    next_after: UUID | None
