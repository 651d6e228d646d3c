"""Where a merchant wants to be told, and of what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.notify.domain.webhook_reach import Reach, refusal_of_literal
from shared.contracts.catalogue import TOLD_TO_MERCHANTS, public_name
from shared.kernel.faults import Fault, Invalid
from shared.kernel.text import has_control_characters

ENDPOINTS_MAX: Final = 20
URL_CHARS_MAX: Final = 2000
EVERYTHING: Final = "*"
EVENTS_MAX: Final = 50
SECRET_BYTES: Final = 32
OVERLAP_SECONDS_DEFAULT: Final = 86_400
OVERLAP_SECONDS_MAX: Final = 30 * 86_400
FAILURES_MIN: Final = 10
"""So many attempts in a row must have failed before an endpoint is switched off: two in a quiet week say little."""

DisabledReason = Literal["by_hand", "gone", "failing"]
EVENT_NAMES: Final = tuple(public_name(event) for event in TOLD_TO_MERCHANTS)
_FILTERS: Final = frozenset({EVERYTHING, *EVENT_NAMES, *(f"{event.entity}.*" for event in TOLD_TO_MERCHANTS)})


class TooManyEndpoints(Fault):
    code = "too_many_endpoints"

    def __init__(self) -> None:
        super().__init__(endpoints_max=ENDPOINTS_MAX)


class EndpointDisabled(Fault):
    """Nothing is sent there as long as it is switched off."""

    code = "endpoint_disabled"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`failing_since`: since then nothing has arrived; None when the last attempt did, or there was none."""

    id: UUID
    org_id: UUID
    livemode: bool
    url: str
    description: str | None
    events: tuple[str, ...]
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    previous_until: datetime | None
    created_at: datetime
    updated_at: datetime


class EndpointDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What is UNSET stays, or is the usual."""

    url: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    events: tuple[str, ...] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


def checked(draft: EndpointDraft, *, reach: Reach, https_only: bool) -> EndpointDraft:
    """Raises: Invalid: a URL that nothing is sent to, or a filter that nothing matches."""
    if draft.url is not UNSET:
        check_url(draft.url, reach=reach, https_only=https_only)
    if draft.events is not UNSET:
        check_events(draft.events)
    return draft


def check_url(url: str, *, reach: Reach, https_only: bool) -> None:
    """What can be said of a URL without asking the name servers; where it leads is checked at every attempt.

    Raises:
        Invalid.
    """
    if len(url) > URL_CHARS_MAX:
        raise Invalid("url", f"must have at most {URL_CHARS_MAX} characters")
    if has_control_characters(url) or "\\" in url or any(character.isspace() for character in url):
        raise Invalid("url", "must not hold blanks, backslashes or control characters")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Invalid("url", "must be an absolute URL such as https://shop.example/hooks") from None
    if parts.scheme not in ({"https"} if https_only else {"https", "http"}) or not host:
        raise Invalid("url", "must be an absolute https URL such as https://shop.example/hooks")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid("url", "must not hold a user name, a password or a fragment")
    if refusal_of_literal(host, reach):
        raise Invalid("url", "must not lead to an address that is not on the public internet")


def check_events(events: Sequence[str]) -> None:
    """Raises: Invalid."""
    if not events or len(events) > EVENTS_MAX:
        raise Invalid("events", f"must name 1 to {EVENTS_MAX} events")
    unknown = next((one for one in events if one not in _FILTERS), None)
    if unknown is not None:
        raise Invalid("events", "must be names such as 'charge.succeeded', 'charge.*' or '*'; see docs/events.md")


def filters_for(name: str) -> list[str]:
    """Every filter that lets an event of this name through."""
    return [EVERYTHING, f"{name.partition('.')[0]}.*", name]


def let_through(filters: Sequence[str], name: str) -> bool:
    return any(one in filters for one in filters_for(name))


def should_give_up(failing_since: datetime, failures: int, *, now: datetime, after: timedelta) -> bool:
    """Whether an endpoint has failed for so long that it is switched off."""
    return failures >= FAILURES_MIN and now - failing_since >= after
