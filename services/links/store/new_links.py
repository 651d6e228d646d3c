"""Links that are written for the first time, with their announcement and the answer to whoever asked."""

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from services.links.domain.link import Link
from services.links.store import links
from services.links.store.links import SlugWish
from shared.contracts.links import LinkEvent
from shared.kernel.answer import Answer, Once
from shared.runtime import outbox
from shared.runtime.outbox import Fact
from shared.runtime.postgres import Reader, constraint_of
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_json: Final = msgspec.json.Encoder(decimal_format="number")
_SLUG: Final = "link_slug"
_NO_CLAIM: Final = (None, None, None, None, None, None)

Outcome = Literal["made", "known", "taken", "again"]
"""`known`: its Idempotency-Key was used before. `taken`: its slug is some link's, or kept for one. `again`: it stood
behind another one with its key or slug, of which nothing became, and has not been tried yet."""


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """`answer` is kept under `once`, if there is one."""

    link: Link
    fact: Fact
    once: Once | None
    answer: Answer | None

    @property
    def key(self) -> tuple[str, str, str] | None:
        return (self.once.scope, self.once.route, self.once.key) if self.once else None


def announced(link: Link, event: LinkEvent, *, once: Once | None = None, answer: Answer | None = None) -> NewLink:
    """What is to be written. The fact belongs to the present trace, whoever writes it."""
    return NewLink(link=link, fact=outbox.one(event), once=once, answer=answer)


async def insert_all(pg: Reader, new: Sequence[NewLink]) -> list[Outcome]:
    """What came of each. All that can be written are written, or none.

    Of several at once, `pg` is no transaction: a slug that is taken would have ended it.
    """
    firsts, behind = _apart(new)
    taken: set[SlugWish] = set()
    try:
        made = await _insert(pg, firsts)
    except asyncpg.UniqueViolationError as error:
        if constraint_of(error) != _SLUG:
            raise
        if len(new) == 1:
            return ["taken"]
        taken = await links.taken(pg, [links.wish_of(one.link) for one in new])
        free = [one for one in firsts if links.wish_of(one.link) not in taken]
        if len(free) == len(firsts):  # whoever had it has just let it go
            raise
        made = await _insert(pg, free)
    outcomes: dict[UUID, Outcome] = {}
    for one in firsts:
        is_taken = links.wish_of(one.link) in taken
        outcomes[one.link.id] = "made" if one.link.id in made else "taken" if is_taken else "known"
    for one, first in behind:
        before = outcomes[first.link.id]
        if one.key is not None and one.key == first.key and before != "taken":
            outcomes[one.link.id] = "known"
        elif links.wish_of(one.link) in taken or (one.link.slug == first.link.slug and before == "made"):
            outcomes[one.link.id] = "taken"
        else:
            outcomes[one.link.id] = "again"
    return [outcomes[one.link.id] for one in new]


def _apart(new: Sequence[NewLink]) -> tuple[list[NewLink], list[tuple[NewLink, NewLink]]]:
    """The first of each key and each slug, and every other with the one that it stands behind."""
    firsts: list[NewLink] = []
    behind: list[tuple[NewLink, NewLink]] = []
    seen: dict[object, NewLink] = {}
    for one in new:
        first = (seen.get(one.key) if one.key is not None else None) or seen.get(one.link.slug)
        if first is not None:
            behind.append((one, first))
            continue
        firsts.append(one)
        seen[one.link.slug] = one
        if one.key is not None:
            seen[one.key] = one
    return firsts, behind


async def _insert(pg: Reader, new: Sequence[NewLink]) -> set[UUID]:
    """The ids of those that were made; the keys of the others were used before."""
    if not new:
        return set()
    columns = zip(*map(_row, new), strict=True)
    rows = await pg.fetch(_sql["insert_links"], *columns, _json.encode([one.link for one in new]).decode())
    return {row["id"] for row in rows}


def _row(new: NewLink) -> tuple[object, ...]:
    """In the order of the statement's parameters; the link by the names of its columns, in a document, apart."""
    event_id, kind, subject, _, data, traceparent = new.fact
    claim = _NO_CLAIM
    if new.once is not None and new.answer is not None:
        once, answer = new.once, new.answer
        claim = (once.scope, once.route, once.key, once.fingerprint, answer.status, answer.body)
    link = new.link
    return (link.id, link.uses.max, link.created_at, *claim, event_id, kind, subject, data, traceparent)
