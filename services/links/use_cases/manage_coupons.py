from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from services.links.domain.coupon import Coupon, CouponDraft, Redemptions, check, check_whole, code_of
from services.links.domain.keys import Actor
from services.links.domain.naming import changes
from services.links.store import coupons
from services.links.use_cases.expected import ExpectsRevision, as_expected, there
from shared.kernel.answer import Answer, Once
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Transaction

Render = Callable[[Coupon], Answer]


async def create_coupon(
    pg: Postgres, actor: Actor, *, draft: CouponDraft, key: Once | None, render: Render, now: datetime
) -> Answer:
    """Raises Invalid, UnknownCurrency, CouponCodeTaken or IdempotencyMismatch."""

    async def act(tx: Transaction) -> Answer:
        # In here, so that a repeated request gets its answer again when its expiry has passed meanwhile.
        coupon = _drawn(actor, draft, now=now)
        await coupons.insert(tx, coupon)
        return render(coupon)

    return await once(pg, key, act, now=now)


async def patch_coupon(
    pg: Postgres, actor: Actor, coupon_id: UUID, *, draft: CouponDraft, expects: ExpectsRevision, now: datetime
) -> Coupon:
    """Changes what is named, for buyers who begin from now on. The code stays.

    Raises:
        NotFound, Invalid, UnknownCurrency, RevisionMismatch.
    """
    check(draft, now)
    async with pg.transaction() as tx:
        found = await coupons.lock(tx, coupon_id, org_id=actor.org_id, livemode=actor.livemode)
        coupon = as_expected(found, "coupon", expects)
        if named := _named(draft, coupon):
            coupon = check_whole(replace(coupon, **named, revision=coupon.revision + 1, updated_at=now))
            await coupons.update(tx, coupon)
        return coupon


async def get_coupon(pg: Postgres, actor: Actor, coupon_id: UUID) -> Coupon:
    return there(await coupons.find(pg, coupon_id, org_id=actor.org_id, livemode=actor.livemode), "coupon")


async def list_coupons(
    pg: Postgres,
    actor: Actor,
    *,
    before: UUID | None,
    limit: int,
    active: bool | None,
    code: str | None,
    currency: str | None,
) -> Sequence[Coupon]:
    """Newest first; None of a filter is any. A code is found however it is written."""
    return await coupons.page(
        pg,
        org_id=actor.org_id,
        livemode=actor.livemode,
        before=before,
        limit=limit,
        active=active,
        code=None if code is None else code_of(code),
        currency=currency,
    )


def _drawn(actor: Actor, draft: CouponDraft, *, now: datetime) -> Coupon:
    check(draft, now)
    if draft.code is UNSET or draft.off is UNSET:
        raise Invalid("code" if draft.code is UNSET else "discount", "is required")
    coupon = Coupon(
        id=new_id(),
        org_id=actor.org_id,
        livemode=actor.livemode,
        code=code_of(draft.code),
        off=draft.off,
        currency=draft.currency or None,
        expires_at=draft.expires_at or None,
        redemptions=Redemptions(max=draft.redemptions_max or None),
        metadata=draft.metadata or {},
        created_at=now,
        updated_at=now,
    )
    return check_whole(coupon)


def _named(draft: CouponDraft, coupon: Coupon) -> dict[str, Any]:
    named = changes(replace(draft, code=UNSET, redemptions_max=UNSET), coupon)
    if draft.redemptions_max is not UNSET and draft.redemptions_max != coupon.redemptions.max:
        named["redemptions"] = replace(coupon.redemptions, max=draft.redemptions_max)
    return named
