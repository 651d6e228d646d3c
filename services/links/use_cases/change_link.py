from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from services.links.domain import drafts, lifecycle
from services.links.domain.answer import Answer, Once
from services.links.domain.drafts import LinkDraft
from services.links.domain.faults import RevisionMismatch
from services.links.domain.keys import Actor
from services.links.domain.lifecycle import Verb
from services.links.domain.link import Link, view_of
from services.links.store import links
from services.links.use_cases.create_link import Render
from services.links.use_cases.once import once
from services.links.use_cases.price_link import priced
from shared.contracts.links import LinkEvent, LinkUpdated
from shared.kernel.faults import NotFound
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Transaction

ExpectsRevision = Callable[[int], bool]


async def patch_link(
    pg: Postgres,
    actor: Actor,
    link_id: UUID,
    *,
    draft: LinkDraft,
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
    drafts.check(draft, now, test_mode=test_mode)
    pricing = None if draft.pricing is UNSET else await priced(pg, actor, draft.pricing)
    async with pg.transaction() as tx:
        link = await _locked(tx, actor, link_id, expects)
        if link.ended_at is not None:
            raise lifecycle.has_ended(link)
        changed = drafts.patched(link, draft, pricing, now=now)
        if changed is not link:
            await _write(tx, actor, changed, fact=LinkUpdated, now=now)
        if draft.paused is UNSET:
            return changed
        moved, fact = lifecycle.move(changed, "pause" if draft.paused else "resume", now)
        if fact is not None:
            await _write(tx, actor, moved, fact=fact, now=now)
        return moved


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


async def _locked(tx: Transaction, actor: Actor, link_id: UUID, expects: ExpectsRevision) -> Link:
    link = await links.lock(tx, link_id, org_id=actor.org_id, livemode=actor.livemode)
    if link is None:
        raise NotFound("payment_link")
    if not expects(link.revision):
        raise RevisionMismatch(link.revision)
    return link


async def _write(tx: Transaction, actor: Actor, link: Link, *, fact: type[LinkEvent], now: datetime) -> None:
    await links.update(tx, link)
    event = fact(org_id=link.org_id, link_id=link.id, link=view_of(link, actor.organization))
    await outbox.add(tx, [event], now=now)
