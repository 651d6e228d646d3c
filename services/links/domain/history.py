"""What a link was, and who changed it when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from services.links.domain.link import Link
from shared.contracts.links import EndedAs

LinkChange = Literal["updated", "paused", "resumed"] | EndedAs

# What changes by itself with every change, or with every payment.
_APART: Final = frozenset({"uses", "revision", "updated_at", "ended_as", "gate_otp", "id", "org_id", "livemode"})
_FIELDS: Final = tuple(name for name in Link.__struct_fields__ if name not in _APART)


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """A link as it was, until somebody changed it."""

    link: Link
    change: LinkChange
    by: str
    at: datetime


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What made a revision: `before` and `after` tell which fields, by the names that `changed_fields` gives."""

    revision: int
    change: Literal["created"] | LinkChange
    by: str
    at: datetime
    before: Link | None
    after: Link


def changed_fields(before: Link, after: Link) -> tuple[str, ...]:
    """Names of the fields that differ, in the order of the link's own; `uses_max` and `gate` are among them."""
    names = [name for name in _FIELDS if getattr(before, name) != getattr(after, name)]
    names += ["uses_max"] if before.uses.max != after.uses.max else []
    names += ["gate"] if before.gate_otp != after.gate_otp else []
    return tuple(names)


def entries(current: Link, replaced: Mapping[int, Replaced], revisions: Sequence[int]) -> list[Entry]:
    """One entry for each of `revisions`; those from before history was kept are left out, but never the first."""
    found: list[Entry] = []
    for revision in revisions:
        if revision == 1:
            first = replaced[1].link if 1 in replaced else current
            made = {"revision": 1, "change": "created", "by": current.created_by, "at": current.created_at}
            found.append(_entry(made, None, first))
        elif (old := replaced.get(revision - 1)) is not None:
            after = replaced[revision].link if revision in replaced else current
            made = {"revision": revision, "change": old.change, "by": old.by, "at": old.at}
            found.append(_entry(made, old.link, after))
    return found


def _entry(made: dict[str, Any], before: Link | None, after: Link) -> Entry:
    return Entry(**made, before=before, after=after)
