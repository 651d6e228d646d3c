"""How a link moves. `expired`, `exhausted` and `scheduled` are not here: they follow from time and uses."""

from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from services.links.domain.faults import LinkHasEnded
from services.links.domain.link import Link
from shared.contracts.links import EndedAs, LinkEnded, LinkPaused, LinkResumed

Standing = Literal["active", "paused", "ended"]
Verb = Literal["pause", "resume", "archive", "revoke", "delete"]
Fact = type[LinkPaused] | type[LinkResumed] | type[LinkEnded]


class Edge(NamedTuple):
    """`fact` None: it is there already, and nothing happens."""

    begin: Standing
    verb: Verb
    end: Standing
    fact: Fact | None


EDGES: Final = (
    Edge("active", "pause", "paused", LinkPaused),
    Edge("paused", "pause", "paused", None),
    Edge("paused", "resume", "active", LinkResumed),
    Edge("active", "resume", "active", None),
    Edge("active", "archive", "ended", LinkEnded),
    Edge("paused", "archive", "ended", LinkEnded),
    Edge("ended", "archive", "ended", None),
    Edge("active", "revoke", "ended", LinkEnded),
    Edge("paused", "revoke", "ended", LinkEnded),
    Edge("ended", "revoke", "ended", None),
    Edge("active", "delete", "ended", LinkEnded),
    Edge("paused", "delete", "ended", LinkEnded),
    Edge("ended", "delete", "ended", None),
)
_BY_BEGIN: Final = {(edge.begin, edge.verb): edge for edge in EDGES}
_ENDED_AS: Final[dict[Verb, EndedAs]] = {"archive": "archived", "revoke": "revoked", "delete": "deleted"}


def standing(link: Link) -> Standing:
    if link.ended_at is not None:
        return "ended"
    return "active" if link.paused_at is None else "paused"


def move(link: Link, verb: Verb, now: datetime) -> tuple[Link, Fact | None]:
    """The link after `verb`, and the fact to announce.

    Raises:
        LinkHasEnded: there is no way from here.
    """
    edge = _BY_BEGIN.get((standing(link), verb))
    if edge is None:
        raise has_ended(link)
    if edge.fact is None:
        return link, None
    ends = edge.end == "ended"
    moved = msgspec.structs.replace(
        link,
        paused_at={"paused": now, "active": None, "ended": link.paused_at}[edge.end],
        ended_at=now if ends else None,
        ended_as=_ENDED_AS[verb] if ends else None,
        revision=link.revision + 1,
        updated_at=now,
    )
    return moved, edge.fact


def has_ended(link: Link) -> LinkHasEnded:
    return LinkHasEnded(link.ended_as or "archived", link.ended_at or link.updated_at)
