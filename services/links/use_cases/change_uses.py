from collections.abc import Sequence
from datetime import datetime

from services.links.domain.batch import Ask, Outcome, decide_all
from services.links.store import uses
from shared.runtime.postgres import Transaction


async def change_uses(tx: Transaction, asks: Sequence[Ask], *, now: datetime, skip_locked: bool = False) -> Outcome:
    """Decides all asks in their order and writes what follows: three statements, however many they are.

    With `skip_locked`, links that someone else works on are left for the next time.
    """
    counters = await uses.lock(tx, sorted({ask.link_id for ask in asks}), skip_locked=skip_locked)
    known = await uses.read(tx, asks, counters)
    outcome = decide_all(asks, known)
    await uses.write(tx, outcome, now=now)
    return outcome
