from collections.abc import Sequence
from datetime import datetime

from services.links.domain.batch import NO_COUPONS, Ask, Outcome, coupons_of, decide_all
from services.links.store import redemptions, uses
from shared.runtime.postgres import Transaction


async def change_uses(tx: Transaction, asks: Sequence[Ask], *, now: datetime, skip_locked: bool = False) -> Outcome:
    """Decides all asks in their order and writes what follows: three statements, however many they are.

    Coupons cost two more, where there are any. They are locked after the links, in the order of their ids: nobody
    waits for somebody who waits for them. With `skip_locked`, links that someone else works on are left for the next
    time.
    """
    counters = await uses.lock(tx, sorted({ask.link_id for ask in asks}), skip_locked=skip_locked)
    known = await uses.read(tx, asks, counters)
    coupon_ids = coupons_of(asks, known)
    coupons = await redemptions.lock(tx, coupon_ids) if coupon_ids else NO_COUPONS
    outcome = decide_all(asks, known, coupons)
    await uses.write(tx, outcome, now=now)
    if outcome.redemptions:
        await redemptions.write(tx, outcome.redemptions)
    return outcome
