"""What a fact says to a merchant: `{type, timestamp, data}`, with `data` as the fact's body on the bus.

Nothing is in there that is not in docs/events.md. A link with a very large cart is told without what makes it large.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from shared.contracts.catalogue import TOLD_TO_MERCHANTS, public_name
from shared.contracts.envelope import Event, Received
from shared.contracts.links import LinkEvent
from shared.kernel.moment import to_wire

PAYLOAD_BYTES_MAX: Final = 20_000
TEST_EVENT: Final = "webhook.test"
_encoder: Final = msgspec.json.Encoder()


class Heading(msgspec.Struct, frozen=True):
    """What decides who wants to know; cheap, because most organizations have no endpoint at all."""

    org_id: UUID
    livemode: bool
    type: str
    at: datetime


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` counts the owner's facts about the link; 0 where there is no link."""

    event_id: UUID
    org_id: UUID
    livemode: bool
    type: str
    owner: str
    link_id: UUID | None
    sequence: int
    at: datetime
    payload: bytes


class TestData(msgspec.Struct, frozen=True, kw_only=True):
    endpoint_id: UUID
    livemode: bool
    message: str = "This is a test. Nothing has happened."


def heading_of(received: Received) -> Heading | None:
    """None for what merchants are not told."""
    event = received.event
    livemode = mode_of(event)
    if not isinstance(event, TOLD_TO_MERCHANTS) or livemode is None:
        return None
    return Heading(event.org_id, livemode, public_name(type(event)), received.at)


def message_of(received: Received, heading: Heading) -> Message:
    event, name = received.event, heading.type
    sequence = received.sequence or 0
    data = msgspec.to_builtins(event) | {"sequence": sequence}
    return Message(
        event_id=received.id,
        org_id=event.org_id,
        livemode=heading.livemode,
        type=name,
        owner=event.owner,
        link_id=event.link_id,
        sequence=sequence,
        at=received.at,
        payload=_bounded(name, received.at, data),
    )


def test_payload(endpoint_id: UUID, *, livemode: bool, at: datetime) -> bytes:
    return _encoded(TEST_EVENT, at, msgspec.to_builtins(TestData(endpoint_id=endpoint_id, livemode=livemode)))


def mode_of(event: Event) -> bool | None:
    """None in facts from before every one of them said so."""
    return event.link.livemode if isinstance(event, LinkEvent) else getattr(event, "livemode", None)


def message_id(event_id: UUID) -> str:
    """The `webhook-id`: the same at every attempt, at every endpoint and for every redelivery of one event."""
    return f"msg_{event_id.hex}"


def _bounded(name: str, at: datetime, data: dict[str, Any]) -> bytes:
    payload = _encoded(name, at, data)
    left_out: list[str] = []
    for path, shorten in _SHORTER:
        if len(payload) < PAYLOAD_BYTES_MAX:
            break
        shorten(data)
        left_out.append(path)
        payload = _encoded(name, at, data | {"left_out": left_out})
    return payload


def _encoded(name: str, at: datetime, data: Any) -> bytes:
    return _encoder.encode({"type": name, "timestamp": to_wire(at), "data": data})


def _pricing(data: dict[str, Any]) -> dict[str, Any]:
    return data.get("link", {}).get("pricing", {})


def _without_other_carts(data: dict[str, Any]) -> None:
    if "also" in _pricing(data):
        _pricing(data)["also"] = []


def _without_descriptions(data: dict[str, Any]) -> None:
    for item in cast("list[dict[str, Any]]", _pricing(data).get("items", [])):
        item["description"] = item["image_url"] = None


def _without_description(data: dict[str, Any]) -> None:
    if "link" in data:
        data["link"]["description"] = None
        _pricing(data).pop("description", None)


def _without_items(data: dict[str, Any]) -> None:
    if "items" in _pricing(data):
        _pricing(data)["items"] = []


_SHORTER: Final[tuple[tuple[str, Callable[[dict[str, Any]], None]], ...]] = (
    ("link.pricing.also", _without_other_carts),
    ("link.pricing.items.description", _without_descriptions),
    ("link.description", _without_description),
    ("link.pricing.items", _without_items),
)
