"""What stands behind the question mark of the log, and the times in a body."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, get_args

from services.notify.domain.webhook_attempt import DeliveryState
from services.notify.domain.webhook_endpoint import EVENT_NAMES
from services.notify.domain.webhook_message import TEST_EVENT
from services.notify.use_cases.webhook_deliveries import Filters
from shared.kernel.faults import Invalid
from shared.runtime.listing import choice, identifier

FILTERS: Final = ("state", "event", "link_id")
_STATES: Final[tuple[DeliveryState, ...]] = get_args(DeliveryState)


def delivery_filters(given: Mapping[str, str]) -> Filters:
    """Raises: Invalid."""
    event = given.get("event")
    if event is not None and event not in {*EVENT_NAMES, TEST_EVENT}:
        raise Invalid("event", "must be the name of an event; see docs/events.md")
    return Filters(state=choice(given, "state", _STATES), event=event, link_id=identifier(given, "link_id"))


def utc(field: str, moment: datetime) -> datetime:
    """Raises: Invalid: a time that no calendar has."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid(field, "is outside of the calendar") from None
