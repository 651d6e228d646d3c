"""What stands behind the question mark of the log, and the times in a body."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast, get_args
from uuid import UUID

from services.notify.domain.webhook_attempt import DeliveryState
from services.notify.domain.webhook_endpoint import EVENT_NAMES
from services.notify.domain.webhook_message import TEST_EVENT
from services.notify.use_cases.webhook_deliveries import Filters
from shared.kernel.faults import Invalid

FILTERS: Final = ("state", "event", "link_id")
_STATES: Final = get_args(DeliveryState)


def delivery_filters(given: Mapping[str, str]) -> Filters:
    """Raises: Invalid."""
    state, event, link_id = (given.get(name) for name in FILTERS)
    if state is not None and state not in _STATES:
        raise Invalid("state", f"must be one of {', '.join(_STATES)}")
    if event is not None and event not in {*EVENT_NAMES, TEST_EVENT}:
        raise Invalid("event", "must be the name of an event; see docs/events.md")
    try:
        link = UUID(link_id) if link_id is not None else None
    except ValueError:
        raise Invalid("link_id", "must be the id of a payment link") from None
    return Filters(state=cast("DeliveryState | None", state), event=event, link_id=link)


def utc(field: str, moment: datetime) -> datetime:
    """Raises: Invalid: a time that no calendar has."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid(field, "is outside of the calendar") from None
