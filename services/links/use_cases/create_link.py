import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import UNSET

from services.links.domain import drafts, slugs
from services.links.domain.drafts import LinkDraft
from services.links.domain.faults import SlugTaken
from services.links.domain.keys import Actor
from services.links.domain.link import Link, Uses, view_of
from services.links.domain.pricing import name_of
from services.links.store import links, new_links
from services.links.store.new_links import NewLink, Outcome
from services.links.use_cases.price_link import priced
from shared.contracts.links import LinkCreated
from shared.kernel.answer import Answer, Once
from shared.kernel.faults import Fault, Invalid
from shared.kernel.ids import new_id
from shared.runtime import answers
from shared.runtime.postgres import Postgres, Reader, Transaction
from shared.runtime.together import Together

SLUG_TRIES: Final = 5
_SLUG_SEEDS: Final = 2**40

NewLinks = Together[NewLink, Outcome]
Render = Callable[[Link], Answer]


def new_links_of(pg: Postgres) -> NewLinks:
    """Where requests for new links meet, and are written together."""

    async def write(new: Sequence[NewLink]) -> list[Outcome]:
        return await new_links.insert_all(pg, new)

    return Together("new-links", write)


async def create_link(
    pg: Postgres,
    actor: Actor,
    *,
    into: NewLinks,
    draft: LinkDraft,
    once: Once | None,
    render: Render,
    now: datetime,
    test_mode: bool,
) -> Answer:
    """A new link, announced, and its answer kept under `once`: one statement, unless a slug must be thought of again.

    Raises:
        Invalid: a field cannot be accepted.
        SlugTaken: the slug that was asked for. A generated one gives way by itself.
        NotFound, ProductArchived: the product of its pricing.
        IdempotencyMismatch: the key was used for another request.
    """
    try:
        link = await drawn(pg, actor, draft, now=now, test_mode=test_mode)
    except Fault:
        # What was fine when it was asked first (an expiry, a product) gets its answer again.
        if once is not None and (before := await answers.find_if_any(pg, once)):
            return before
        raise
    tries_left = 1 if draft.slug is not UNSET else SLUG_TRIES
    while True:
        answer = render(link)
        outcome = await into.do(new_links.announced(link, _created(link, actor), once=once, answer=answer))
        if outcome == "made":
            return answer
        if outcome == "known" and once is not None:
            return await answers.find(pg, once)
        if outcome == "taken":
            tries_left -= 1
            if not tries_left:
                # By the link, perhaps, that was made for this very key.
                if once is not None and (before := await answers.find_if_any(pg, once)):
                    return before
                raise SlugTaken(link.slug)
            link = with_other_slug(link)


async def preview_link(pg: Postgres, actor: Actor, *, draft: LinkDraft, now: datetime, test_mode: bool) -> Link:
    """The link as `create_link` would make it, with the same refusals; nothing is written, and nobody has its id."""
    link = await drawn(pg, actor, draft, now=now, test_mode=test_mode)
    while await links.taken(pg, [links.wish_of(link)]):
        if draft.slug is not UNSET:
            raise SlugTaken(link.slug)
        link = with_other_slug(link)
    return link


async def place(tx: Transaction, actor: Actor, link: Link) -> None:
    """Writes the link and announces it, with whatever else the transaction does.

    Raises:
        SlugTaken.
    """
    if await new_links.insert_all(tx, [new_links.announced(link, _created(link, actor))]) == ["taken"]:
        raise SlugTaken(link.slug)


def _created(link: Link, actor: Actor) -> LinkCreated:
    return LinkCreated(org_id=link.org_id, link_id=link.id, link=view_of(link, actor.organization))


def with_other_slug(link: Link) -> Link:
    return msgspec.structs.replace(link, slug=slugs.with_suffix(link.slug, secrets.randbelow(_SLUG_SEEDS)))


async def drawn(pg: Reader, actor: Actor, draft: LinkDraft, *, now: datetime, test_mode: bool) -> Link:
    """A link as it was asked for, checked and priced, not written yet."""
    drafts.check(draft, now, test_mode=test_mode)
    if draft.pricing is UNSET:
        raise Invalid("pricing", "is required")
    organization = actor.organization
    pricing = await priced(pg, actor, draft.pricing)
    # Not every dialect asks for a title: what is sold names the link then, or who sells it.
    title = (name_of(pricing) or organization.name) if draft.title is UNSET else draft.title
    link = Link(
        id=new_id(),
        org_id=organization.id,
        livemode=actor.livemode,
        slug=slugs.from_title(title, secrets.randbelow(_SLUG_SEEDS)) if draft.slug is UNSET else draft.slug,
        title=title[: drafts.TITLE_CHARS_MAX],
        description=draft.description or None,
        private_note=draft.private_note or None,
        pricing=pricing,
        methods=draft.methods or organization.default_methods,
        providers=draft.providers or (),
        success_url=draft.success_url or None,
        cancel_url=draft.cancel_url or None,
        metadata=draft.metadata or {},
        starts_at=draft.starts_at or None,
        expires_at=draft.expires_at or None,
        paused_at=now if draft.paused else None,
        internal_name=draft.internal_name or None,
        coupons_allowed=draft.coupons_allowed or False,
        recipient=draft.recipient or None,
        gate_otp=draft.gate_otp or False,
        verified_at=draft.verified_at or None,
        scheduled_at=draft.scheduled_at or None,
        reminders=draft.reminders or None,
        reference=draft.reference or None,
        created_by=actor.by,
        late_payment_policy=draft.late_payment_policy or organization.late_payment_policy,
        uses=Uses(max=draft.uses_max or None),
        created_at=now,
        updated_at=now,
    )
    chosen = {name: value for name in ("collect", "branding") if (value := getattr(draft, name)) is not UNSET}
    return drafts.check_whole(msgspec.structs.replace(link, **chosen) if chosen else link)
