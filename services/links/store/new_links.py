"""Links that are written for the first time, with their announcement and the answer to whoever asked."""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from services.links.domain.faults import SlugTaken
from services.links.domain.link import Link
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


async def insert_all(pg: Reader, new: Sequence[NewLink]) -> list[bool]:
    """Of each whether it was made; else its Idempotency-Key was used before. All are written, or none.

    Raises:
        SlugTaken: of a single one, by any organization's link. Of several the database's own error.
    """
    # Of those that come with one key the first may have it; the answer that it leaves is the others', too.
    firsts = list({one.key or one.link.id: one for one in reversed(new)}.values())
    columns = zip(*map(_row, firsts), strict=True)
    document = _json.encode([one.link for one in firsts]).decode()
    try:
        rows = await pg.fetch(_sql["insert_links"], *columns, document)
    except asyncpg.UniqueViolationError as error:
        if len(new) == 1 and constraint_of(error) == _SLUG:
            raise SlugTaken(new[0].link.slug) from None
        raise
    made = {row["id"] for row in rows}
    return [one.link.id in made for one in new]


def _row(new: NewLink) -> tuple[object, ...]:
    """In the order of the statement's parameters; the link by the names of its columns, in a document, apart."""
    event_id, kind, subject, _, data, traceparent = new.fact
    claim = _NO_CLAIM
    if new.once is not None and new.answer is not None:
        once, answer = new.once, new.answer
        claim = (once.scope, once.route, once.key, once.fingerprint, answer.status, answer.body)
    link = new.link
    return (link.id, link.uses.max, link.created_at, *claim, event_id, kind, subject, data, traceparent)
