from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from services.links.domain import drafts, lifecycle
from services.links.domain.drafts import LinkDraft
from services.links.domain.faults import SlugTaken
from services.links.domain.history import LinkChange
from services.links.domain.keys import Actor
from services.links.domain.lifecycle import Verb
from services.links.domain.link import Link, view_of
from services.links.store import links
from services.links.use_cases.create_link import Render
from services.links.use_cases.expected import ExpectsRevision, as_expected
from services.links.use_cases.price_link import priced
from shared.contracts.links import LinkEnded, LinkEvent, LinkPaused, LinkResumed, LinkUpdated
from shared.kernel.answer import Answer, Once
from shared.runtime import outbox
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Reader, Transaction

DraftOf = Callable[[Link], LinkDraft]
"""What is asked for depends on the link as it is: "the same price, in another currency"."""


async def patch_link(
    pg: Postgres,
    actor: Actor,
    link_id: UUID,
    *,
    draft: LinkDraft | DraftOf,
    expects: ExpectsRevision,
    now: datetime,
    test_mode: bool,
) -> Link:
    """Changes what the draft names and nothing else; pausing and resuming are told as facts of their own.

    Raises:
        Invalid, SlugTaken, NotFound, ProductArchived: as for a new link.
        RevisionMismatch: the caller knows another revision.
        LinkHasEnded: what has ended is not changed.
    """
    async with pg.transaction() as tx:
        link = await _locked(tx, actor, link_id, expects)
        for changed, fact in await _changes(tx, actor, link, draft=draft, now=now, test_mode=test_mode):
            await _write(tx, actor, changed, fact=fact, now=now)
            link = changed
        return link


async def preview_patch(
    pg: Postgres,
    actor: Actor,
    link_id: UUID,
    *,
    draft: LinkDraft | DraftOf,
    expects: ExpectsRevision,
    now: datetime,
    test_mode: bool,
) -> Link:
    """The link as `patch_link` would leave it; nothing is written.

    Raises:
        Whatever `patch_link` would.
    """
    link = as_expected(
        await links.find(pg, link_id, org_id=actor.org_id, livemode=actor.livemode), "payment_link", expects
    )
    changes = await _changes(pg, actor, link, draft=draft, now=now, test_mode=test_mode)
    after = changes[-1][0] if changes else link
    if after.slug != link.slug and await links.taken(pg, [links.wish_of(after)]):
        raise SlugTaken(after.slug)
    return after


async def move_link(
    pg: Postgres,
    actor: Actor,
    link_id: UUID,
    *,
    verb: Verb,
    expects: ExpectsRevision,
    key: Once | None,
    render: Render,
    now: datetime,
) -> Answer:
    """Pauses, resumes or ends it. What is there already stays as it is, and is no fault.

    Raises:
        NotFound, RevisionMismatch, LinkHasEnded, IdempotencyMismatch.
    """

    async def act(tx: Transaction) -> Answer:
        link = await _locked(tx, actor, link_id, expects)
        moved, fact = lifecycle.move(link, verb, now)
        if fact is not None:
            await _write(tx, actor, moved, fact=fact, now=now)
        return render(moved)

    return await once(pg, key, act, now=now)


async def _changes(
    pg: Reader,
    actor: Actor,
    link: Link,
    *,
    draft: LinkDraft | DraftOf,
    now: datetime,
    test_mode: bool,
) -> list[tuple[Link, type[LinkEvent]]]:
    """The link after each step, with what to announce; empty where nothing changes."""
    wanted = draft(link) if callable(draft) else draft
    if wanted.late_payment_policy is None:
        wanted = replace(wanted, late_payment_policy=actor.organization.late_payment_policy)
    if wanted.methods is None:
        wanted = replace(wanted, methods=actor.organization.default_methods)
    drafts.check(wanted, now, test_mode=test_mode)
    if link.ended_at is not None:
        raise lifecycle.has_ended(link)
    pricing = None if wanted.pricing is UNSET else await priced(pg, actor, wanted.pricing)
    changed = drafts.patched(link, wanted, pricing, now=now)
    steps: list[tuple[Link, type[LinkEvent]]] = [] if changed is link else [(changed, LinkUpdated)]
    if wanted.paused is not UNSET:
        moved, fact = lifecycle.move(changed, "pause" if wanted.paused else "resume", now)
        steps += [(moved, fact)] if fact is not None else []
    return steps


async def _locked(tx: Transaction, actor: Actor, link_id: UUID, expects: ExpectsRevision) -> Link:
    return as_expected(
        await links.lock(tx, link_id, org_id=actor.org_id, livemode=actor.livemode), "payment_link", expects
    )


async def _write(tx: Transaction, actor: Actor, link: Link, *, fact: type[LinkEvent], now: datetime) -> None:
    change = (link.ended_as or "archived") if fact is LinkEnded else _CHANGES[fact]
    await links.update(tx, link, change=change, by=actor.by, now=now)
    event = fact(org_id=link.org_id, link_id=link.id, link=view_of(link, actor.organization))
    await outbox.add(tx, [event], now=now)


_CHANGES: Final[dict[type[LinkEvent], LinkChange]] = {
    LinkUpdated: "updated",
    LinkPaused: "paused",
    LinkResumed: "resumed",
}
