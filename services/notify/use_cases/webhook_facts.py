"""What happens is written down for each endpoint that wants to know, in the transaction that takes the fact in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.notify.domain.webhook_attempt import SETTLE
from services.notify.domain.webhook_message import heading_of, message_of
from services.notify.store import webhook_deliveries as deliveries
from services.notify.store import webhook_endpoints as endpoints
from services.notify.store.webhook_deliveries import NewDelivery
from services.notify.store.webhook_endpoints import Contact
from shared.contracts.envelope import Received
from shared.contracts.links import LinkEvent, OrganizationUpdated
from shared.kernel.ids import new_id
from shared.runtime.postgres import Transaction


async def take_merchant_facts(tx: Transaction, received: Sequence[Received], *, now: datetime) -> None:
    """`received` come from one owner: its sequences say in which order they happened."""
    await _note_contacts(tx, received)
    in_order = sorted(received, key=lambda one: one.sequence or 0)
    told = [(one, heading) for one in in_order if (heading := heading_of(one)) is not None]
    if not told:
        return
    wanted = await deliveries.wanted_by(tx, [heading for _, heading in told])
    messages = {place: message_of(*told[place]) for place in {place for place, _ in wanted}}
    new = [NewDelivery(id=new_id(), endpoint_id=endpoint, message=messages[place]) for place, endpoint in wanted]
    if new:
        await deliveries.add_deliveries(tx, new, now=now, due_at=now + SETTLE)


async def _note_contacts(tx: Transaction, received: Sequence[Received]) -> None:
    newest: dict[UUID, Contact] = {}
    for one in received:
        contact = _contact(one)
        if contact is not None and contact.revision > newest.get(contact.org_id, _NOBODY).revision:
            newest[contact.org_id] = contact
    if newest:
        await endpoints.note_contacts(tx, list(newest.values()))


def _contact(one: Received) -> Contact | None:
    event = one.event
    if isinstance(event, LinkEvent):
        merchant, revision = event.link.merchant, event.link.merchant_revision
    elif isinstance(event, OrganizationUpdated) and event.merchant is not None:
        merchant, revision = event.merchant, event.revision
    else:
        return None
    return Contact(
        org_id=event.org_id,
        revision=revision,
        name=merchant.name,
        support_email=merchant.support_email,
        locale=merchant.locale,
        timezone=merchant.timezone,
    )


_NOBODY = Contact(org_id=UUID(int=0), revision=-1, name="", support_email=None, locale="en", timezone="UTC")
