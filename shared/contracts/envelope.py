"""What every fact on the bus has in common.

Facts travel as CloudEvents 1.0 in binary mode: the attributes stand in NATS headers, the body is the JSON of one Event.
"""

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

import msgspec

ID: Final = "ce-id"
TYPE: Final = "ce-type"
SOURCE: Final = "ce-source"
TIME: Final = "ce-time"
SPECVERSION: Final = "ce-specversion"
SEQUENCE: Final = "ce-sequence"
SUBJECT: Final = "ce-subject"
TRACEPARENT: Final = "traceparent"
MSG_ID: Final = "Nats-Msg-Id"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that has happened, named `<owner>.<entity>.<past fact>`.

    A new field is added with a default, none is taken away.
    """

    owner: ClassVar[str]
    entity: ClassVar[str]
    fact: ClassVar[str]

    org_id: UUID
    link_id: UUID | None = None


def type_of(event: type[Event]) -> str:
    """`links.link.created`: the CloudEvents type, without organization and version."""
    return f"{event.owner}.{event.entity}.{event.fact}"


class Received(msgspec.Struct, frozen=True):
    """A fact as a consumer sees it: `sequence` counts the owner's facts about one link from 1, without gaps."""

    id: UUID
    type: str
    at: datetime
    sequence: int | None
    traceparent: str | None
    event: Event
