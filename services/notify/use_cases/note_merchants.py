"""Organizations as mails name them, from facts of themselves and of their links."""

from collections.abc import Sequence
from uuid import UUID

from services.notify.store import reminders
from services.notify.store.reminders import Merchant
from shared.contracts.envelope import Received
from shared.contracts.links import LinkEvent, MerchantView, OrganizationUpdated, RemindersView
from shared.runtime.postgres import Transaction


async def note_merchants(tx: Transaction, received: Sequence[Received]) -> None:
    """The newest word of each. Every reader of these facts may note it: who is known already is not written again."""
    newest: dict[UUID, Merchant] = {}
    for one in received:
        match one.event:
            case LinkEvent(link=link):
                merchant = Merchant(link.org_id, link.merchant_revision, link.merchant, link.default_reminders, one.at)
            case OrganizationUpdated(org_id=org_id, merchant=MerchantView() as view, reminders=RemindersView() as told):
                merchant = Merchant(org_id, one.event.revision, view, told, one.at)
            case _:
                continue
        before = newest.get(merchant.org_id)
        if before is None or before.revision < merchant.revision:
            newest[merchant.org_id] = merchant
    if newest:
        await reminders.note_merchants(tx, list(newest.values()))
