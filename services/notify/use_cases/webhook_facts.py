"""What happens is written down for each endpoint that wants to know, in the transaction that takes the fact in."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.domain.webhook_attempt import SETTLE
from services.notify.domain.webhook_message import heading_of, message_of
from services.notify.store import webhook_deliveries as deliveries
from services.notify.store.webhook_deliveries import NewDelivery
from shared.contracts.envelope import Received
from shared.kernel.ids import new_id
from shared.runtime.postgres import Transaction


async def take_merchant_facts(tx: Transaction, received: Sequence[Received], *, now: datetime) -> bool:
    """`received` come from one owner: its sequences say in which order they happened.

    Returns whether somebody is to be told.
    """
    in_order = sorted(received, key=lambda one: one.sequence or 0)
    told = [(one, heading) for one in in_order if (heading := heading_of(one)) is not None]
    if not told:
        return False
    wanted = await deliveries.wanted_by(tx, [heading for _, heading in told])
    messages = {place: message_of(*told[place]) for place in {place for place, _ in wanted}}
    new = [NewDelivery(id=new_id(), endpoint_id=endpoint, message=messages[place]) for place, endpoint in wanted]
    if new:
        await deliveries.add_deliveries(tx, new, now=now, due_at=now + SETTLE)
    return bool(new)
